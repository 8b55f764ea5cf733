/** The runtime module: renders READMEs with one version of marked, in any host. */
import type { CallContext } from 'cutover/hosts'
import { digestOf, type Rendered, type RenderRequest } from './markdown.js'
import { Rendering } from './rendering.js'

const rendering = new Rendering()

export const { start, role } = rendering

export async function call(request: RenderRequest, { signal }: CallContext): Promise<Rendered> {
  const html = await rendering.htmlOf(request, signal)
  return { version: rendering.version, digest: digestOf(html) }
}
