/** Runs the demo of `docs/examples/demo`. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The built demo. */
export const MAIN = fileURLToPath(new URL('../../dist/docs/examples/demo/main.js', import.meta.url))

interface Ending {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built demo. `preload` is JavaScript that runs before it. */
export function demo(args: readonly string[], preload = ''): Promise<Ending> {
  const node = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, MAIN, ...args]
  return new Promise(resolve => {
    const child = execFile(process.execPath, node, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

/** Returns JavaScript that replaces one function of `node:fs/promises`. */
export function replacing(name: string, replacement: string): string {
  return `
    import fs from 'node:fs/promises'
    import { syncBuiltinESMExports } from 'node:module'
    const original = fs.${name}
    fs.${name} = ${replacement}
    syncBuiltinESMExports()`
}

/** JavaScript by which one of a hundred documents cannot be read a second time. */
export const FAILING = replacing(
  'readFile',
  `(...args) => isSeen(args[0]) && ++again % 100 === 0 ? Promise.reject(new Error('disk on fire')) : original(...args)
   const seen = new Set()
   const isSeen = path => seen.has(String(path)) || !seen.add(String(path))
   let again = 0`,
)

/** Stands in for a terminal of so many columns. */
export function terminal(columns: number, rows: number): string {
  return `Object.assign(process.stdout, { isTTY: true, columns: ${columns}, rows: ${rows}, hasColors: () => process.env.NO_COLOR === undefined })`
}

/** The lines of each drawing of the picture. */
export function drawings(stdout: string): string[][] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence that moves the cursor up
  return stdout.split(/\u001B\[\d+A/).map(text => text.replaceAll('\r\u001B[K', '').split('\n'))
}
