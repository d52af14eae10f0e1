import { type Bits, bernoulliExp, discreteLaplace, type Ratio } from '../../src/privacy/mechanism.ts'

/** CKS20 algorithm 3 over the product's own primitives: its published vectors check those primitives bit for bit. */
export function discreteGaussian(bits: Bits, std: Ratio): bigint {
  const variance = { num: std.num * std.num, den: std.den * std.den }
  const t = std.num / std.den + 1n
  for (;;) {
    const y = discreteLaplace(bits, { num: t, den: 1n })
    const size = y < 0n ? -y : y
    // (|y| - v/t)^2 / (2v) with v = variance
    const distance = size * variance.den * t - variance.num
    const gamma = { num: distance * distance, den: 2n * variance.num * variance.den * t * t }
    if (bernoulliExp(bits, gamma)) return y
  }
}
