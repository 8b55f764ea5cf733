import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { childProcess, workerThread } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { runModule } from '../fixtures/package/runModule.js'

const module = 'test/fixtures/package/bundled/rules.mjs'
const HOSTS = [
  { name: 'workerThread', host: workerThread, program: 'dist/guest/worker.js' },
  { name: 'childProcess', host: childProcess, program: 'dist/guest/process.js' },
]

describe.each(HOSTS)('guestUrl of $name', ({ host, program }) => {
  it.each([
    ['a path', program],
    ['a URL', pathToFileURL(resolve(program))],
    ['the text of a URL', pathToFileURL(resolve(program)).href],
  ])('names the guest program by %s', async (_, guestUrl) => {
    expect(await runModule(host({ module, guestUrl }), 'double')).toBe(42)
  })

  it.each([7, '', null, {}, 'http://127.0.0.1/guest.js', new URL('data:text/javascript,'), 'http://['])(
    'is refused when it names no file: %j',
    guestUrl => {
      expect(() => host({ module, guestUrl: guestUrl as string })).toThrow(
        expect.objectContaining({
          code: 'CUTOVER_INVALID_OPTION',
          message: expect.stringMatching(
            /^Option "guestUrl" must be the file URL or the path of a bundle or a copy of cutover\/guest/,
          ),
        }),
      )
    },
  )

  it('is refused when there is no such file, by its path and with what to do, also without a module', () => {
    const path = resolve('no/guest.js')
    for (const options of [{ module }, {}]) {
      expect(() => host({ ...options, guestUrl: 'no/guest.js' })).toThrow(
        expect.objectContaining({
          code: 'CUTOVER_INVALID_OPTION',
          message: expect.stringMatching(
            `"guestUrl" must be a file that exists: bundle or copy cutover/guest/\\w+ to it, got "${path}"`,
          ),
        }),
      )
    }
  })

  it('that names the program of the other host fails, and says what the program is for', async () => {
    const other = HOSTS.find(each => each.program !== program)
    const failed = runModule(host({ module, guestUrl: other?.program, connectTimeout: 5_000 }), 'double')
    await expect(failed).rejects.toThrow(/This program serves a module to (childProcess|workerThread)\(\)/)
  })
})
