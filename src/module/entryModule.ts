import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import type { Logger, RuntimeModule } from '../contract/index.js'
import { moduleIn } from './loadModule.js'

/** An instance of the module file: where it was loaded from, and what the file was then. */
interface Instance {
  readonly url: URL
  readonly stamp: string | undefined
}

const SHARED =
  'a module shares its state with another runtime: Node.js loads a CommonJS file and what a file re-exports once in a ' +
  'process; run it in a thread or in a process of its own'

/** Which runtime loaded a module last. */
const owners = new WeakMap<object, EntryModule>()

/**
 * The module file of one runtime in this process.
 *
 * Node.js evaluates a URL once in a process and keeps the outcome, also when that is an error. So each runtime loads the
 * file under a URL of its own, with `cutover=<version>-<random>` in the query. A restart loads the same instance again;
 * it loads a new one if the last evaluation failed or did not end, or if the file has changed. Node.js frees none of them.
 */
export class EntryModule {
  readonly #file: URL
  /** The id and the version of the runtime. */
  readonly #runtime: string
  readonly #version: string
  /** The instance that was asked for last. */
  #latest: Instance | undefined
  /** The instance whose evaluation has succeeded. */
  #evaluated: Instance | undefined

  constructor(file: URL, { id, version }: { readonly id: string; readonly version: string }) {
    this.#file = file
    this.#runtime = `${id} ${version}`
    this.#version = version
  }

  /** @throws CutoverError `CUTOVER_INVALID_RUNTIME`, and what the file throws */
  async load(logger: Logger): Promise<RuntimeModule> {
    const instance = await this.#instance()
    this.#latest = instance
    this.#evaluated = undefined
    const loaded: unknown = await import(instance.url.href)
    // A launch that was given up may end after the one that followed it.
    if (this.#latest === instance) this.#evaluated = instance
    const module = moduleIn(loaded, `Module ${this.#file}`)
    this.#claim(module, logger)
    return module
  }

  async #instance(): Promise<Instance> {
    const stamp = await stampOf(this.#file)
    const last = this.#evaluated
    return last !== undefined && last.stamp === stamp ? last : { url: freshUrl(this.#file, this.#version), stamp }
  }

  #claim(module: RuntimeModule, logger: Logger): void {
    // A URL of ours gives a namespace of its own, whose functions may be those of another one.
    const instance = types.isModuleNamespaceObject(module) ? module.call : module
    const owner = owners.get(instance)
    owners.set(instance, this)
    if (owner === undefined || owner === this) return
    logger.warn({ module: this.#file.href, sharedWith: owner.#runtime }, SHARED)
  }
}

/** Differs when the file was written or replaced; undefined when there is no file. */
async function stampOf(file: URL): Promise<string | undefined> {
  if (file.protocol !== 'file:') return undefined
  try {
    const { ino, size, mtimeMs } = await stat(fileURLToPath(file))
    return `${ino} ${size} ${mtimeMs}`
  } catch {
    // To import it says what is wrong.
    return undefined
  }
}

/** The same file under another URL. The query and the hash of the user stay; other protocols are left alone. */
function freshUrl(file: URL, version: string): URL {
  const url = new URL(file)
  const mark = `cutover=${version}-${randomBytes(6).toString('hex')}`
  // Whatever `searchParams` changes, it writes all of the query anew.
  if (url.protocol === 'file:') url.search = url.search === '' ? mark : `${url.search}&${mark}`
  // A query would belong to the data.
  if (url.protocol === 'data:') url.hash = url.hash === '' ? mark : `${url.hash}&${mark}`
  return url
}
