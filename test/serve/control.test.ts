import { statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { ask } from '../../src/serve/control/ask.js'
import { ControlServer, type Handler } from '../../src/serve/control/controlServer.js'
import type { Done, ServeEvent } from '../../src/serve/events.js'
import { makeStateFolder, type StateFolder, stateFolder } from '../../src/serve/state/stateFolder.js'
import { UserError } from '../../src/serve/userError.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { Noted } from '../fixtures/noted.js'
import { directory } from '../fixtures/system.js'

const DONE: Done = { type: 'done', ok: true, text: 'It is done.' }
const line = (text: string): ServeEvent => ({ type: 'log', line: { time: '2026-11-28T15:30:00.000Z', text } })

let folder: StateFolder
beforeEach(async () => {
  folder = stateFolder(directory())
  await makeStateFolder(folder)
})

async function listening(handlers: Readonly<Record<string, Handler>>): Promise<ControlServer> {
  const server = new ControlServer(folder.socket, handlers)
  await server.listen()
  onTestFinished(() => server.close())
  return server
}

describe('A command', () => {
  it('gets its body to the service, hears how it goes, line by line, and then how it ended', async () => {
    const bodies: unknown[] = []
    await listening({
      deploy: (body, tell) => {
        bodies.push(body)
        for (const text of ['one', 'two']) tell(line(text))
        return DONE
      },
    })
    const told: ServeEvent[] = []
    const tell = (event: ServeEvent) => void told.push(event)
    expect(await ask(folder, { command: 'deploy', body: { path: 'a.mjs' }, tell })).toEqual(DONE)
    expect([bodies, told]).toEqual([[{ path: 'a.mjs' }], [line('one'), line('two')]])
    expect(await ask(folder, { command: 'deploy' })).toEqual(DONE)
    expect(bodies[1]).toEqual({})
  })

  it('that throws, or that nobody knows, ends with the reason', async () => {
    await listening({
      deploy: () => Promise.reject(new UserError('Name the application to deploy.', 2)),
    })
    const deploy = await ask(folder, { command: 'deploy' })
    expect(deploy).toMatchObject({ ok: false, text: 'Name the application to deploy.' })
    expect(await ask(folder, { command: 'destroy' })).toMatchObject({
      ok: false,
      text: 'There is no command /destroy.',
    })
    expect(await ask(folder, { command: 'constructor' as 'stop' })).toMatchObject({
      ok: false,
      text: 'There is no command /constructor.',
    })
  })

  it('has a signal that fires when its client has gone, and what it tells then is left out', async () => {
    const [begun, gone] = [new Noted<string>(), new Noted<string>()]
    await listening({
      logs: (_, tell, signal) => {
        begun.add('begun')
        return new Promise(resolve =>
          signal.addEventListener('abort', () => {
            tell(line('nobody hears this'))
            gone.add('gone')
            resolve(DONE)
          }),
        )
      },
    })
    const client = connect(folder.socket)
    client.write('POST /logs HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}')
    await begun.count(1)
    client.destroy()
    await gone.count(1)
  })

  it('says so if no service is there, or it ended before the command did', async () => {
    expect(await rejectionOf(ask(folder, { command: 'status' }))).toMatchObject({
      exitCode: 1,
      message: `No service answers in the state folder ${folder.path}. Start one with cutover serve, or name its folder with --state.`,
    })
    const server = createServer(socket =>
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"typ\r\n'),
    )
    await new Promise<void>(resolve => server.listen(folder.socket, resolve))
    onTestFinished(() => void server.close())
    expect(await rejectionOf(ask(folder, { command: 'status' }))).toMatchObject({
      exitCode: 1,
      message: 'The service ended before the command did.',
    })
  })
})

describe('The socket of a service', () => {
  it('is for its user alone, takes the place of one that a killed process has left, and goes with the service', async () => {
    writeFileSync(folder.socket, 'left')
    const mask = process.umask()
    const server = await listening({})
    expect(process.umask()).toBe(mask)
    expect(statSync(folder.socket).isSocket()).toBe(true)
    expect(statSync(folder.socket).mode & 0o777).toBe(0o600)
    const listeners = process.listenerCount('exit')
    await server.close()
    await server.close()
    expect(() => statSync(folder.socket)).toThrow('ENOENT')
    expect(process.listenerCount('exit')).toBe(listeners - 1)
  })

  it('ends the commands under way when it closes, and they still get their last line', async () => {
    const begun = new Noted<string>()
    const server = await listening({
      logs: (_, __, signal) => {
        begun.add('begun')
        return new Promise(resolve => signal.addEventListener('abort', () => resolve(DONE)))
      },
    })
    const asked = ask(folder, { command: 'logs' })
    await begun.count(1)
    await server.close()
    expect(await asked).toEqual(DONE)
  })
})
