import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configJsonSchema } from '../../src/config.ts'
import { sensorSchemas } from '../../src/drivers/settings.ts'
import { example, exampleWith, least, purpose } from './example.ts'
import { wrongFit, wrongShape } from './mistakes.ts'

const schema = configJsonSchema()
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema)

describe('the JSON Schema for editors', () => {
  test.each([
    ['the example', example],
    ['the least', least],
    ['a purpose', exampleWith({ purposes: [purpose] })],
    ['hours by day', exampleWith({ 'store.opening': { 'mo-fr': '09:00-12:00,13:00-18:00', '2026-12-25': 'closed' } })],
  ])('accepts %s', (_, text) => {
    validate(parse(text))
    expect(validate.errors ?? []).toEqual([])
  })

  test.each(wrongShape)('refuses %s, as the gateway does', (_, changes) => {
    expect(validate(parse(exampleWith(changes)))).toBe(false)
  })

  // It cannot know the calendar, the machine, or how parts fit.
  test.each(wrongFit)('cannot see %s', (_, changes) => {
    validate(parse(exampleWith(changes)))
    expect(validate.errors ?? []).toEqual([])
  })

  test('offers one alternative for each kind of sensor', () => {
    const items = schema.properties?.sensors?.items || undefined
    const kinds = items?.oneOf?.map((alternative) => alternative.properties?.kind?.const)
    expect(kinds).toEqual(Object.keys(sensorSchemas))
  })

  test('describes every key at the top and names its draft', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    for (const [key, part] of Object.entries(schema.properties ?? {})) expect(part.description, key).toBeTruthy()
  })

  test('requires only what has no default', () => {
    expect(schema.required).toEqual(['organisation', 'store', 'controller', 'gateway', 'sensors', 'upstream'])
  })
})
