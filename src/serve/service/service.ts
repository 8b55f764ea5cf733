import { filter, firstValueFrom } from 'rxjs'
import type { Aggregate } from '../../aggregate/index.js'
import { asError, type Inspect, isCutoverError } from '../../contract/index.js'
import { type HttpServer, serveHttp } from '../../http/index.js'
import { Rollout, type RolloutResult } from '../../rollout/index.js'
import { printable } from '../../support/index.js'
import type { Done, ServeEvent, ServeStatus } from '../events.js'
import type { PlanSettings, Settings } from '../options/settings.js'
import { ReleaseStore } from '../state/releaseStore.js'
import { Releases } from '../state/releases.js'
import { cleanStateFolder, type StateFolder } from '../state/stateFolder.js'
import { UserError } from '../userError.js'
import { applicationOf, provisionerOf } from './application.js'
import { planOf } from './plan.js'
import type { ServiceLog } from './serviceLog.js'
import { versionsOf } from './versions.js'

/** How often a command hears how a step goes, in ms. */
const PROGRESS = 500

export type Tell = (event: ServeEvent) => void

export interface ServiceOptions {
  readonly settings: Settings
  readonly folder: StateFolder
  readonly log: ServiceLog
  readonly inspect: Inspect | undefined
}

/** An application whose versions are rolled out behind one HTTP server. */
export class Service {
  readonly aggregate: Aggregate
  readonly rollout: Rollout
  readonly #folder: StateFolder
  readonly #releases: Releases
  readonly #settings: Settings
  readonly #log: ServiceLog
  readonly #since = new Date().toISOString()
  readonly #opened: Promise<void>
  #isOpen!: () => void
  #http: HttpServer | undefined
  #ended: Promise<void> | undefined
  /** The number of the last deploy, and of the last one that was ordered. */
  #deploys = 0
  #ordered = 0
  /** The path that SIGHUP deploys. */
  #path: string | undefined

  constructor({ settings, folder, log, inspect }: ServiceOptions) {
    this.#settings = settings
    this.#path = settings.path
    this.#log = log
    this.#folder = folder
    this.#releases = new Releases(folder)
    this.#opened = new Promise(resolve => {
      this.#isOpen = resolve
    })
    this.aggregate = applicationOf(settings, log, inspect)
    const provision = provisionerOf(this.#releases, settings, log, inspect)
    this.rollout = new Rollout(this.aggregate, {
      ...planOf(settings.plan, {}, settings.instances).options,
      provision: async version => provision(await this.#releases.find(version)),
      store: new ReleaseStore(folder.store, this.#releases, () => this.#isOpen()),
      logger: log.own,
      inspect,
    })
    this.rollout.watch().subscribe(event => {
      if (event.type !== 'changed' || event.status.candidate === null) return
      const { candidate, state, progress } = event.status
      const part = state === 'stepping' && progress !== null ? `: ${progress.percent} % of the requests` : ''
      log.say(`${candidate} is ${state}${part}`)
    })
  }

  get log(): ServiceLog {
    return this.#log
  }

  /**
   * Takes the state folder, and brings up the version that proved itself last.
   *
   * @param opened - is called once the folder is taken
   * @returns that version, which may not run yet; null if there is none
   * @throws CutoverError `CUTOVER_STORE_LOCKED`, `CUTOVER_STORE_FAILED`; UserError its release is gone
   */
  async start(opened: () => Promise<void>): Promise<string | null> {
    const started = this.rollout.start()
    await Promise.race([this.#opened, started])
    await cleanStateFolder(this.#folder)
    await this.#releases.clean()
    await opened()
    try {
      return await started
    } catch (error) {
      if (isCutoverError(error, 'CUTOVER_START_FAILED')) {
        this.#log.say(error.message)
        return this.rollout.status().permanent
      }
      // Its release is gone. The application that was named may take its place.
      if (!(error instanceof UserError) || this.#path === undefined) throw error
      this.#log.say(error.message)
      return null
    }
  }

  /** Waits until no rollout is under way. @returns the version that has proved itself; null if there is none */
  async settled(): Promise<string | null> {
    if (this.rollout.status().state !== 'idle')
      await firstValueFrom(this.rollout.watch().pipe(filter(() => this.rollout.status().state === 'idle')))
    return this.rollout.status().permanent
  }

  /** Listens for requests. @throws the error of Node.js if it cannot; CutoverError `CUTOVER_MISSING_PACKAGE` */
  async listen(): Promise<string> {
    const { port, host, drain } = this.#settings
    this.#http = await serveHttp(this.aggregate, {
      port,
      host,
      closeTimeout: drain,
      timeout: Number.POSITIVE_INFINITY,
      logger: this.#log.own,
    })
    return this.#http.url
  }

  /** Copies an application, and lets the copy prove itself. Goes on if nobody listens any more. */
  async deploy(path: string | undefined, given: PlanSettings, force: boolean, tell: Tell): Promise<Done> {
    const from = path ?? this.#path
    if (from === undefined) throw new UserError('Name the application to deploy.', 2)
    const plan = planOf(this.#settings.plan, given, this.#settings.instances)
    const number = ++this.#deploys
    const { version, files, bytes, leftOut } = await this.#releases.add(from)
    // A later deploy, of fewer files, may have overtaken it.
    if (number < this.#ordered) return { type: 'done', ok: false, code: 'CUTOVER_SUPERSEDED', text: overtaken(version) }
    this.#ordered = number
    const { steps, soak, verify } = plan
    const { instances } = this.#settings
    this.#log.say(`${version} is a copy of ${from}`)
    for (const link of leftOut) this.#log.say(`${version} lacks ${link}, a link that leads out of the folder`)
    tell({ type: 'released', version, path: from, files, bytes, leftOut, verify, steps, soak, instances })
    const done = await this.#run(version, tell, () => this.rollout.to(version, { ...plan.options, force }))
    if (done.ok) this.#path = from
    return done
  }

  /** Goes back to the version before. */
  rollback(tell: Tell): Promise<Done> {
    return this.#run(null, tell, () => this.rollout.rollback())
  }

  /** Ends the rollout under way. @throws CutoverError `CUTOVER_ROLLOUT_STATE` */
  cancel(): Done {
    const { candidate } = this.rollout.status()
    this.rollout.cancel()
    return { type: 'done', ok: true, text: `The rollout of version ${candidate} is cancelled.` }
  }

  async status(inspector: string | null): Promise<ServeStatus> {
    const { active } = this.aggregate.status()
    return {
      pid: process.pid,
      url: this.#ended === undefined ? (this.#http?.url ?? null) : null,
      inspector,
      since: this.#since,
      path: this.#path ?? null,
      active,
      versions: versionsOf(this.aggregate),
      rollout: this.rollout.status(),
      releases: await this.#releases.list(),
    }
  }

  /** Lets requests finish, cancels the rollout under way, and ends all processes. A second call joins the first. */
  end(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    await Promise.all([this.#http?.close(), this.rollout[Symbol.asyncDispose]()])
    await this.aggregate.dispose()
  }

  async #run(version: string | null, tell: Tell, act: () => Promise<RolloutResult>): Promise<Done> {
    const look = () => {
      const status = this.rollout.status()
      if (status.candidate !== null && (version ?? status.candidate) === status.candidate)
        tell({ type: 'rollout', status })
    }
    const changes = this.rollout.watch().subscribe(look)
    const timer = setInterval(look, PROGRESS)
    const done = await act().then(stays, failed)
    clearInterval(timer)
    changes.unsubscribe()
    this.#log.say(done.text)
    await this.#prune()
    return done
  }

  async #prune(): Promise<void> {
    const { permanent, previous, candidate, pending } = this.rollout.status()
    const hosted = this.aggregate.versions().map(String)
    await this.#releases
      .prune([permanent, previous, candidate, pending, ...hosted])
      .catch(error => this.#log.say(`Old releases cannot be removed: ${asError(error).message}`))
  }
}

function overtaken(version: string): string {
  return `The rollout of version ${version} did not begin: a later deploy was copied first.`
}

function stays({ version, warning, saved }: RolloutResult): Done {
  const notSaved = saved ? undefined : 'This could not be saved: after a restart, the version before it comes up.'
  return { type: 'done', ok: true, text: `${version} stays.`, warning: warning ?? notSaved }
}

export function failed(error: unknown): Done {
  const code = isCutoverError(error) ? error.code : 'FAILED'
  // The message may come from a guest, and is printed to a terminal.
  return { type: 'done', ok: false, code, text: printable(asError(error).message) }
}
