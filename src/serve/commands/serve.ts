import { constants } from 'node:os'
import { asError } from '../../contract/index.js'
import type { Inspector } from '../../inspect/index.js'
import { ControlServer, type Handler } from '../control/controlServer.js'
import type { Done } from '../events.js'
import type { PlanSettings, Settings } from '../options/settings.js'
import type { Terminal } from '../print/terminal.js'
import { type MetricsServer, serveMetrics } from '../service/metrics.js'
import { Service } from '../service/service.js'
import { ServiceLog } from '../service/serviceLog.js'
import { notifySystemd } from '../service/systemd.js'
import { makeStateFolder, stateFolder } from '../state/stateFolder.js'
import { UserError } from '../userError.js'

/** Serves an application until SIGTERM, SIGINT or `cutover stop`. @returns the exit code */
export async function serve(settings: Settings, terminal: Terminal): Promise<number> {
  const folder = stateFolder(settings.state)
  await makeStateFolder(folder)
  const log = new ServiceLog(text => terminal.line(text))
  const inspector = settings.inspect ? await startInspecting() : undefined
  const service = new Service({ settings, folder, log, inspect: inspector?.inspect })
  inspector?.watch(service.aggregate)
  inspector?.watch(service.rollout)
  const running = new Running(service, settings, inspector)
  const control = new ControlServer(folder.socket, running.handlers)
  const stopped = running.untilSignal()
  try {
    const started = running.start(() => control.listen())
    process.on(
      'SIGHUP',
      () =>
        void started.then(
          () => running.deployAgain(),
          () => {},
        ),
    )
    await Promise.race([started, stopped])
    await stopped
    return 0
  } finally {
    await running.end()
    await control.close()
  }
}

class Running {
  readonly #service: Service
  readonly #settings: Settings
  readonly #inspector: Inspector | undefined
  #metrics: MetricsServer | undefined
  #stop!: () => void

  constructor(service: Service, settings: Settings, inspector: Inspector | undefined) {
    this.#service = service
    this.#settings = settings
    this.#inspector = inspector
  }

  readonly handlers: Readonly<Record<string, Handler>> = {
    deploy: ({ path, plan, force }, tell) =>
      this.#service.deploy(path as string | undefined, Object(plan) as PlanSettings, force === true, tell),
    rollback: (_, tell) => this.#service.rollback(tell),
    cancel: () => this.#service.cancel(),
    status: async (_, tell) => {
      tell({ type: 'status', status: await this.#service.status(this.#inspector?.url ?? null) })
      return fine('')
    },
    logs: ({ follow }, tell, signal) => {
      for (const line of this.#service.log.lines) tell({ type: 'log', line })
      if (follow !== true) return fine('')
      const end = this.#service.log.follow(line => tell({ type: 'log', line }))
      return new Promise(resolve => {
        const over = () => {
          end()
          resolve(fine(''))
        }
        if (signal.aborted) over()
        else signal.addEventListener('abort', over)
      })
    },
    stop: async () => {
      this.#stop()
      await this.#service.end()
      return fine('The service has ended.')
    },
  }

  /** Brings up what proved itself last, or else the application that was named. */
  async start(opened: () => Promise<void>): Promise<void> {
    const log = this.#service.log
    const permanent = await this.#service.start(opened)
    const { metrics, host } = this.#settings
    // A missing package is told before the application is rolled out.
    if (metrics !== undefined) {
      this.#metrics = await serveMetrics(this.#service.aggregate, metrics, host)
      log.say(`figures are at ${this.#metrics.url}`)
    }
    if (permanent === null) await this.#deployFirst()
    else log.say(`${permanent} serves, which proved itself last; cutover deploy brings in another one`)
    if (this.#inspector !== undefined) log.say(`the state diagrams are at ${this.#inspector.url}`)
    log.say(`listens on ${await this.#service.listen()}`)
    notifySystemd('READY=1', log)
  }

  /** Resolves when the service shall end. A second signal ends it at once. */
  untilSignal(): Promise<void> {
    return new Promise(resolve => {
      this.#stop = resolve
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.once(signal, () => {
          for (const second of ['SIGTERM', 'SIGINT'] as const) {
            // The processes of the application end with this one.
            process.once(second, () => process.exit(128 + constants.signals[second]))
          }
          this.#service.log.say(`${signal}: requests finish, then it ends`)
          resolve()
        })
      }
    })
  }

  async end(): Promise<void> {
    notifySystemd('STOPPING=1', this.#service.log)
    await this.#service.end()
    await Promise.all([this.#metrics?.close(), this.#inspector?.close()])
  }

  async #deployFirst(): Promise<void> {
    if (this.#settings.path === undefined) {
      throw new UserError('Name the application to serve: cutover serve app.mjs', 2)
    }
    const done = await this.#service.deploy(undefined, {}, false, () => {})
    if (done.ok) return
    // A deploy has taken its place while it started.
    const isReplaced = done.code === 'CUTOVER_SUPERSEDED' && (await this.#service.settled()) !== null
    if (!isReplaced) throw new UserError(done.text, 1)
  }

  async deployAgain(): Promise<void> {
    await this.#service
      .deploy(undefined, {}, false, () => {})
      .catch((error: unknown) => this.#service.log.say(asError(error).message))
  }
}

function fine(text: string): Done {
  return { type: 'done', ok: true, text }
}

async function startInspecting(): Promise<Inspector> {
  const { startInspector } = await import('../../inspect/index.js')
  return startInspector()
}
