/** Runs the demo of `docs/examples/demo`. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The built demo. */
const MAIN = fileURLToPath(new URL('../../dist/docs/examples/demo/main.js', import.meta.url))

interface Ending {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built demo. Each of `preloads` is JavaScript that runs before it. */
export function demo(args: readonly string[], ...preloads: string[]): Promise<Ending> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, argumentsOf(args, preloads), (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

/** Runs the built demo, and sends the signal when `listen` calls `kill`; it gets each line of the output. */
export async function interruptedDemo(
  signal: NodeJS.Signals,
  args: readonly string[],
  listen: (line: string, kill: () => void) => void,
  ...preloads: string[]
): Promise<Ending & { readonly signal: NodeJS.Signals | null }> {
  const child = spawn(process.execPath, argumentsOf(args, preloads), { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  let isSent = false
  const kill = () => {
    // A second signal would kill the demo.
    if (!isSent) child.kill(signal)
    isSent = true
  }
  createInterface(child.stdout).on('line', line => listen(line, kill))
  const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  const [stdout, stderr] = await output
  return { code, signal: killedBy, stdout, stderr }
}

function argumentsOf(args: readonly string[], preloads: readonly string[]): string[] {
  const imports = preloads.flatMap(preload => ['--import', `data:text/javascript,${encodeURIComponent(preload)}`])
  return [...imports, MAIN, ...args]
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

/** JavaScript by which the demo finds only the few and short READMEs of `node_modules/@types`, so that it needs less time. */
export const FEW = replacing('readdir', `(folder, options) => original(folder + '/@types', options)`)

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

/** Removes colours. */
export function uncoloured(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of colours
  return output.replaceAll(/\u001B\[\d+m/g, '')
}
