import type { ConnectedHostOptions } from '../connected/connectedOptions.js'
import type { Protocol } from '../connected/handshake.js'
import type { Sandbox } from './command.js'

/** The options of `childProcess`. */
export interface ChildProcessOptions extends ConnectedHostOptions {
  /** The module file that Node.js runs, for configs without one: a URL, or a path relative to the working directory. */
  readonly module?: URL | string | undefined
  /** The program to run in place of a module: a path, or a name in PATH. */
  readonly command?: string | undefined
  /** Arguments of the command. @default [] */
  readonly args?: readonly string[] | undefined
  /**
   * Its environment, besides PATH, HOME, LANG and TMPDIR, which it inherits; nothing else is inherited. @default {}
   */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Its working directory. @default this process's */
  readonly cwd?: string | undefined
  /** Options of Node.js, for a module. @default [] */
  readonly execArgv?: readonly string[] | undefined
  /**
   * The folder in which Node.js keeps the compiled code of modules and of the guest program, so that later launches begin sooner; false
   * for none. Needs Node.js 22.1; never used in a sandbox. The module's own processes do not use it.
   * @default `cutover/compile-cache` in `XDG_CACHE_HOME`, or in `.cache` of the home directory
   */
  readonly compileCache?: string | false | undefined
  /** The environment variable that tells it where to connect to; Oasis runtimes read OASIS_WORKER_HOST. @default 'CUTOVER_HOST' */
  readonly hostVariable?: string | undefined
  /**
   * `cutover`: requests and answers are any values. `raw`: they are bodies of the Runtime Host Protocol, `{ Kind: … }`, for
   * runtimes of Oasis Core. @default 'cutover'
   */
  readonly protocol?: Protocol | undefined
  /** Runs it in a sandbox: see `bubblewrap`. @default none */
  readonly sandbox?: Sandbox | undefined
  /**
   * Only with `protocol: 'raw'`: answers and requests of the runtime arrive as `{ Kind: EncodedCbor }`, with the bytes that
   * it has sent; `Empty` and `Error` as usual. @default false
   */
  readonly encodedPayloads?: boolean | undefined
  /** The largest message, in bytes, from 1,024 to 2^32 - 1. @default 16_777_216 (16 MiB), or 64 MiB with `protocol: 'raw'` */
  readonly maxFrameBytes?: number | undefined
  /**
   * The most items that a message of the guest may hold: each element of an array counts as one, each entry of a map as
   * two, a byte string as four. A guest that sends more is killed and launched again; an answer of a module that holds more
   * rejects its call. At least 100. @default 1_000_000
   */
  readonly maxMessageItems?: number | undefined
}
