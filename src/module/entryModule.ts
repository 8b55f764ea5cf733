import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import type { Logger, RuntimeModule } from '../contract/index.js'
import { importFile } from './importFile.js'
import { moduleIn } from './loadModule.js'

/** An instance of the module file. */
interface Instance {
  readonly url: URL
  /** Identifies the state of the file when the instance was loaded. */
  readonly stamp: string | undefined
}

const SHARED =
  'the module shares its state with another runtime: Node.js loads a CommonJS file, and a re-exported file, once per ' +
  'process; run the module in a thread or a process of its own'

/** The runtime that loaded each module last. */
const owners = new WeakMap<object, EntryModule>()

/**
 * The module file of one runtime in this process.
 *
 * Node.js evaluates a URL once per process and keeps the result, even an error. So each runtime loads the file under a URL
 * of its own, with `cutover=<version>-<random>` in the query. A restart reuses the instance. It loads a new one if the last
 * evaluation failed or did not end, or if the file has changed. Node.js never frees an instance.
 */
export class EntryModule {
  readonly #file: URL
  /** The id and the version of the runtime. */
  readonly #runtime: string
  readonly #version: string
  /** The instance that was requested last. */
  #latest: Instance | undefined
  /** The instance that was evaluated without an error. */
  #evaluated: Instance | undefined

  constructor(file: URL, { id, version }: { readonly id: string; readonly version: string }) {
    this.#file = file
    this.#runtime = `${id} ${version}`
    this.#version = version
  }

  /** Loads the module. @throws CutoverError `CUTOVER_INVALID_RUNTIME`, and as {@link importFile} */
  async load(logger: Logger): Promise<RuntimeModule> {
    const instance = await this.#instance()
    this.#latest = instance
    this.#evaluated = undefined
    const loaded = await importFile(instance.url, this.#file)
    // An abandoned launch may finish after its successor.
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
    // Each URL has a namespace object of its own, but a re-exported function is the same object in all of them.
    const instance = types.isModuleNamespaceObject(module) ? module.call : module
    const owner = owners.get(instance)
    owners.set(instance, this)
    if (owner === undefined || owner === this) return
    logger.warn({ module: this.#file.href, sharedWith: owner.#runtime }, SHARED)
  }
}

/** Returns a text that changes when the file is written or replaced; undefined if there is no file. */
async function stampOf(file: URL): Promise<string | undefined> {
  if (file.protocol !== 'file:') return undefined
  try {
    const { ino, size, mtimeMs } = await stat(fileURLToPath(file))
    return `${ino} ${size} ${mtimeMs}`
  } catch {
    // The import that follows reports the problem.
    return undefined
  }
}

/** Returns another URL of the same file. Keeps the user's query and hash. Leaves protocols but `file:` and `data:` alone. */
export function freshUrl(file: URL, version: string): URL {
  const url = new URL(file)
  const mark = `cutover=${version}-${randomBytes(6).toString('hex')}`
  // Changing `searchParams` would re-encode the user's query.
  if (url.protocol === 'file:') url.search = url.search === '' ? mark : `${url.search}&${mark}`
  // In a data URL, a query would be part of the data.
  if (url.protocol === 'data:') url.hash = url.hash === '' ? mark : `${url.hash}&${mark}`
  return url
}
