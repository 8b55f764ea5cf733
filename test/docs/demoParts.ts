/** Shared by the tests of the parts of `docs/examples/demo`. */
import type { Options } from '../../docs/examples/demo/options.js'
import type { Setup } from '../../docs/examples/demo/setup.js'

export const OLD = '4.3.0'
export const NEW = '18.2.1'

/** The setup of a run with three documents, which nothing renders. */
export function setupOf(options: Options): Setup {
  const load = () => Promise.reject(new Error('Nothing is rendered.'))
  const documents = ['a', 'b', 'c'].map(name => ({ path: `${name}/README.md`, digests: new Map<string, string>() }))
  return { options, versions: { old: { version: OLD, load }, new: { version: NEW, load } }, documents }
}

/** Makes the output of this process a terminal, until it is disposed. */
export function standInForTerminal(columns: number, { hasColours }: { readonly hasColours: boolean }): Disposable {
  const { stdout } = process
  const { isTTY, columns: before, hasColors } = stdout
  Object.assign(stdout, { isTTY: true, columns, hasColors: () => hasColours })
  return { [Symbol.dispose]: () => Object.assign(stdout, { isTTY, columns: before, hasColors }) }
}
