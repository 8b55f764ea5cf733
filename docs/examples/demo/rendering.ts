/** Renders READMEs with one version of marked. A module has one of its own, because versions in one process share what they import. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Role } from 'cutover'
import type { RuntimeContext } from 'cutover/hosts'
import { BROKEN, type Flaw, OUTAGE, type RenderRequest } from './markdown.js'
import { installedVersions, type Render } from './markedVersions.js'

export class Rendering {
  #context: RuntimeContext | undefined
  #render: Render | undefined
  #activeSince = Number.POSITIVE_INFINITY

  /** The version of marked. Only after the start. */
  get version(): string {
    return this.#running.context.version
  }

  readonly start = async (context: RuntimeContext): Promise<void> => {
    const installed = Object.values(await installedVersions())
    const marked = installed.find(({ version }) => version === context.localConfig['marked'])
    if (marked === undefined) throw new Error(`marked ${context.localConfig['marked']} is not installed`)
    this.#context = context
    this.#render = await marked.load()
  }

  readonly role = (role: Role): void => {
    if (role === 'active') this.#activeSince = performance.now()
  }

  /** The README as HTML. */
  async htmlOf({ id, path }: RenderRequest, signal: AbortSignal): Promise<string> {
    const { context, render } = this.#running
    // The host counts executions, to detect a call that is executed twice.
    const counted = context.callHost({ executed: id })
    const [markdown] = await Promise.all([readFile(path, { encoding: 'utf8', signal }), counted])
    const html = render(markdown)
    this.#failIfFlawed(path, context)
    return html
  }

  get #running() {
    if (this.#context === undefined || this.#render === undefined) throw new Error('The renderer has not started.')
    return { context: this.#context, render: this.#render }
  }

  /** Is the last thing before the answer, so that failures of both versions arrive after similar times. */
  #failIfFlawed(path: string, { localConfig }: RuntimeContext): void {
    const { flaw } = localConfig as { readonly flaw?: Flaw }
    if (flaw === undefined || !flaw.documents.includes(path)) return
    const { when } = flaw
    if (when === 'always') throw new Error(BROKEN)
    if ('without' in when) {
      if (!existsSync(when.without)) throw new Error(OUTAGE)
    } else if (performance.now() >= this.#activeSince + when.afterActive) throw new Error(BROKEN)
  }
}
