/** A guest that moves to another server when its own one leaves, without losing a call. */
import { type CallOptions, CutoverError, type Role } from '../../contract/index.js'
import type { ConnectedGuest, Guest, GuestReports } from '../../hosts/internal.js'
import type { RemoteLauncher, SessionEvents } from './remoteLauncher.js'

/** One session, and what it answers. */
export interface Session<Req, Res> {
  readonly guest: ConnectedGuest<Req, Res>
  readonly launcher: RemoteLauncher
}

/** Makes a session, without opening it. */
export type MakeSession<Req, Res> = (reports: GuestReports, events: SessionEvents) => Session<Req, Res>

/** A session that leaves is given up after so many pings without any message. */
const MAX_SILENT_PINGS = 5

export class MovingGuest<Req, Res> implements Guest<Req, Res> {
  readonly #version: string
  readonly #make: MakeSession<Req, Res>
  readonly #reports: GuestReports
  /** The session that all else is about. */
  #current: Session<Req, Res>
  /** The session that gets the calls; null while the current one leaves and there is no other. */
  #open: Session<Req, Res> | null
  /** The one that shall take its place. */
  #successor: Session<Req, Res> | undefined
  /** Those that still have calls, and how many pings they have not answered. */
  readonly #retired = new Map<Session<Req, Res>, number>()
  #role: Role | undefined
  /** Called with the next message of the current session, which may be a piece or credit: the server is alive. */
  #onNextMessage: (() => void) | null = null

  constructor(version: string, make: MakeSession<Req, Res>, reports: GuestReports) {
    this.#version = version
    this.#make = make
    this.#reports = reports
    this.#current = this.#session()
    this.#open = this.#current
  }

  get givenUp(): number {
    let sum = this.#current.guest.givenUp
    for (const { guest } of this.#retired.keys()) sum += guest.givenUp
    return sum
  }

  launch(): void {
    this.#current.guest.launch()
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    if (this.#open !== null) return this.#open.guest.call(request, options)
    const version = this.#version
    const message = `The server of version ${version} is leaving, and no other one serves it. Call again once one does.`
    return Promise.reject(new CutoverError('CUTOVER_RUNTIME_LOST', message, { version }))
  }

  /** The answer to the ping may be behind megabytes of other messages. */
  ping(): void {
    this.#onNextMessage = () => this.#reports.ponged()
    this.#current.guest.ping()
    for (const [session, silent] of [...this.#retired]) {
      this.#retired.set(session, silent + 1)
      if (silent < MAX_SILENT_PINGS) session.guest.ping()
      else session.launcher.lost(new Error(`it did not answer ${silent} pings while it was leaving.`))
    }
  }

  setRole(role: Role): void {
    this.#role = role
    this.#current.guest.setRole(role)
  }

  abort(): void {
    for (const { guest } of [this.#current, ...this.#retired.keys()]) guest.abort()
  }

  askToStop(): void {
    this.#killOthers()
    this.#current.guest.askToStop()
  }

  terminate(): void {
    this.kill()
  }

  kill(): void {
    this.#killOthers()
    this.#current.guest.kill()
  }

  #killOthers(): void {
    const others = [...(this.#successor === undefined ? [] : [this.#successor]), ...this.#retired.keys()]
    this.#successor = undefined
    for (const { guest } of others) guest.kill()
  }

  #session(): Session<Req, Res> {
    const isCurrent = () => session === this.#current
    const forward = (report: () => void) => {
      if (isCurrent()) report()
    }
    const session: Session<Req, Res> = this.#make(
      {
        connected: () => forward(() => this.#reports.connected()),
        started: info => {
          if (session === this.#successor) this.#succeed(session)
          // Ignored by a supervisor that is up, which keeps the new info.
          forward(() => this.#reports.started(info))
        },
        failed: (error, isFinal) => {
          if (!isCurrent()) session.guest.kill()
          else this.#reports.failed(error, isFinal)
        },
        disconnected: () => forward(() => this.#reports.disconnected()),
        ponged: () => {},
        released: () => this.#reports.released(),
        aborted: () => forward(() => this.#reports.aborted()),
        abortFailed: error => forward(() => this.#reports.abortFailed(error)),
        stopRefused: () => {
          if (!isCurrent()) session.guest.kill()
          else this.#reports.stopRefused()
        },
        exited: error => this.#exited(session, error),
      },
      {
        leaving: () => this.#leave(session),
        received: () => this.#received(session),
      },
    )
    return session
  }

  #exited(session: Session<Req, Res>, error: Error): void {
    if (session === this.#current) {
      this.#killOthers()
      this.#reports.exited(error)
    } else if (session === this.#successor) {
      // There is no other server. The current one ends when its calls have been answered.
      this.#successor = undefined
      this.#open = null
      this.#endIfIdle(this.#current)
    } else this.#retired.delete(session)
  }

  /** A server that leaves says so once. */
  #leave(session: Session<Req, Res>): void {
    if (session !== this.#current || this.#successor !== undefined) return
    this.#successor = this.#session()
    this.#successor.guest.launch()
  }

  #succeed(session: Session<Req, Res>): void {
    const old = this.#current
    this.#successor = undefined
    this.#current = session
    this.#open = session
    if (this.#role !== undefined) session.guest.setRole(this.#role)
    this.#retired.set(old, 0)
    this.#endIfIdle(old)
  }

  #received(session: Session<Req, Res>): void {
    if (session === this.#current && this.#onNextMessage !== null) {
      const report = this.#onNextMessage
      this.#onNextMessage = null
      report()
    }
    if (this.#retired.has(session)) this.#retired.set(session, 0)
    else if (session !== this.#current || this.#open !== null) return
    this.#endIfIdle(session)
  }

  #endIfIdle({ guest }: Session<Req, Res>): void {
    if (guest.calls === 0) guest.kill()
  }
}
