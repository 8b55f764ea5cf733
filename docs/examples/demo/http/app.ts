/** The runtime module of `--http`: a Hono application whose pages are READMEs, rendered with one version of marked. */
import { type Context, Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { Rendering } from '../rendering.js'

/** Characters in an event. */
const PIECE = 1_000

const rendering = new Rendering()
const app = new Hono()
app.onError((error, c) => c.text(error.message, 500))

/** A page. */
app.get('/page', async c => c.html(await render(c)))

/** The same page as a stream of events, each with the next piece of it. */
app.get('/events', async c => {
  const html = await render(c)
  return streamSSE(c, async stream => {
    for (let at = 0; at < html.length; at += PIECE)
      await stream.writeSSE({ data: JSON.stringify(html.slice(at, at + PIECE)) })
  })
})

function render(c: Context): Promise<string> {
  const { id = '', path = '' } = c.req.query()
  return rendering.htmlOf({ id: Number(id), path }, c.req.raw.signal)
}

export const { start, role } = rendering
export const { fetch } = app
