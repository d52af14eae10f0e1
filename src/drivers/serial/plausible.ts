/**
 * The most people that can have passed in `elapsed` ms at `perSecond`, with one second of grace for what the timing
 * of lines and polls blurs. A total that rose by more shows a fault of the device, not a crowd.
 */
export function mostPeople(elapsed: number, perSecond: number): number {
  return perSecond * (Math.max(elapsed, 0) / 1000 + 1)
}
