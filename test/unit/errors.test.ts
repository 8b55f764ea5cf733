import { readdirSync, readFileSync } from 'node:fs'
import { CutoverError, ERROR_CODES, type ErrorCode, isCutoverError } from 'cutover'
import { describe, expect, it } from 'vitest'

const CODES = Object.keys(ERROR_CODES) as ErrorCode[]

function sources(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  return files.map(file => readFileSync(`${folder}/${file}`, 'utf8')).join('\n')
}

describe('errors', () => {
  it('An error has its code, its version where there is one, and what led to it', () => {
    const cause = new Error('disk')
    const error = new CutoverError('CUTOVER_START_FAILED', 'no', { version: '1.0.0', cause })
    expect(error).toBeInstanceOf(Error)
    expect({ ...error, name: error.name, message: error.message, cause: error.cause }).toEqual({
      code: 'CUTOVER_START_FAILED',
      version: '1.0.0',
      name: 'CutoverError',
      message: 'no',
      cause,
    })
    const plain = new CutoverError('CUTOVER_DISPOSED', 'gone')
    expect('version' in plain || 'cause' in plain).toBe(false)
  })

  it('isCutoverError recognises errors of another copy of the library, and nothing else', () => {
    const error = new CutoverError('CUTOVER_DISPOSED', 'gone')
    const foreign = Object.assign(new Error('gone'), { code: 'CUTOVER_DISPOSED' })
    expect([error, foreign, null, undefined, 'CUTOVER_DISPOSED', {}].map(value => isCutoverError(value))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
    Object.defineProperty(foreign, Symbol.for('cutover.error'), { value: true })
    expect(isCutoverError(foreign)).toBe(true)
    expect(isCutoverError(error, 'CUTOVER_DISPOSED')).toBe(true)
    expect(isCutoverError(error, 'CUTOVER_RUNTIME_LOST')).toBe(false)
  })

  it('docs/errors.md lists every code, in order, with its cause and its remedy, and no other', () => {
    const page = readFileSync('docs/errors.md', 'utf8')
    const rows = [...page.matchAll(/^\| `(CUTOVER_\w+)` \| (.+?) \| (.+?) \|$/gm)]
    expect(rows.map(row => row[1])).toEqual(CODES)
    expect(Object.fromEntries(rows.map(([, code, cause]) => [code, cause]))).toEqual(ERROR_CODES)
    expect(rows.filter(([, , , remedy]) => (remedy?.length ?? 0) <= 10)).toEqual([])
  })

  it('Every code is given somewhere in the library', () => {
    const text = sources('src').replace(/export const ERROR_CODES[\s\S]*?as const/, '')
    expect(CODES.filter(code => !text.includes(`'${code}'`))).toEqual([])
  })
})
