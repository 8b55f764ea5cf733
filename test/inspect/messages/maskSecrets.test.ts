import { type InspectorOptions, startInspector } from 'cutover/inspect'
import { describe, expect, it } from 'vitest'
import { createActor, fromPromise, waitFor } from 'xstate'
import { MaskedValue, maskSecrets } from '../../../src/inspect/messages/maskSecrets.js'
import { toPlainData } from '../../../src/inspect/messages/plainData.js'
import { lastEventMachine, TestClient } from '../../fixtures/inspect/testClient.js'

const HEX = '9f86d081884c7d659a2feaa0c55ad015'
const BASE64 = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEYq1Z'
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P'

const SECRETS: readonly (readonly [text: string, shown: string])[] = [
  ['401 for Authorization: Bearer abc.def, again', '401 for Authorization: [masked]'],
  ['{"authorization":"Basic dXNlcjpwYXNz","id":7}', '{"authorization":"[masked]","id":7}'],
  ['Cookie: sid=1; theme=dark\nHost: a', 'Cookie: [masked]\nHost: a'],
  ['sent Bearer mF_9.B5f-4.1JqM to a', 'sent Bearer [masked] to a'],
  ['sent Basic dXNlcjpwYXNz to a', 'sent Basic [masked] to a'],
  ['login failed: password=hunter2, user=ada', 'login failed: password=[masked], user=ada'],
  ["DB_PASSWORD='correct horse' is wrong", "DB_PASSWORD='[masked]' is wrong"],
  ['api_key: k-1 is unknown', 'api_key: [masked] is unknown'],
  ['X-Api-Key: 12345 expired', 'X-Api-Key: [masked] expired'],
  ['{"clientSecret":"a\\"b","user":"ada"}', '{"clientSecret":"[masked]","user":"ada"}'],
  ['body "{\\"password\\":\\"hunter2\\"}"', 'body "{\\"password\\":\\"[masked]\\"}"'],
  ['access_token=abcdefgh1 refused', 'access_token=[masked] refused'],
  ["{ secret: 'without an end", "{ secret: '[masked]"],
  ['connect postgres://ada:p@ss@db:5432/a failed', 'connect postgres://[masked]@db:5432/a failed'],
  ['GET https://a.test/x?sig=a%2Fbcdefgh&n=1', 'GET https://a.test/x?sig=[masked]&n=1'],
  [`jwt ${JWT} expired`, 'jwt [masked] expired'],
  ['key AKIAIOSFODNN7EXAMPLE is inactive', 'key [masked] is inactive'],
  [`with ${BASE64} no`, 'with [masked] no'],
  [`hash ${HEX}.`, 'hash [masked].'],
  ['push with ghp_abcdefghijklmnopqrstuvwxyz0123', 'push with [masked]'],
  ['a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b', 'a [masked] b'],
  ['a -----BEGIN PRIVATE KEY-----\nMIIE cut o', 'a [masked]'],
]

/** Texts that must stay readable. */
const HARMLESS: readonly string[] = [
  'Version 2.0.0 did not start within 3,000 ms: its start() is still pending.',
  'Unexpected token } in JSON at position 12',
  'SyntaxError: Unexpected token: }',
  'Basic authentication is required',
  'a bearer token is missing',
  'tokens: 512, max_tokens: 4096',
  'connect ECONNREFUSED 127.0.0.1:5432',
  'GET http://localhost:3000/users/@me/keyboard failed',
  'at Object.<anonymous> (/home/ada/work/Project7/node_modules/some-package/dist/lib/index.js:12:3)',
  'file:///home/ada/work/Project7/Some/Other/Folder/With/Many/Parts/index',
  'xstate.done.actor.aggregateMachineWithAVeryLongNameThatSomebodyHasChosen',
  '0b7c1d9e-3f5a-4d2c-8e6f-1a2b3c4d5e6f',
]

describe('What looks like a secret is masked in a text', () => {
  it.each(SECRETS)('%s', (text, shown) => {
    expect(maskSecrets(text)).toBe(shown)
  })

  it.each(HARMLESS)('and this is not: %s', text => {
    expect(maskSecrets(text)).toBe(text)
  })
})

const HOSTILE: Readonly<Record<string, (length: number) => string>> = {
  'one letter': n => 'a'.repeat(n),
  'hexadecimal texts': n => 'deadbeef-'.repeat(n / 9),
  'base64 without an end': n => 'aB3/'.repeat(n / 4),
  'schemes without a token': n => 'bearer '.repeat(n / 7),
  'spaces after a name': n => `password${' '.repeat(n)}`,
  'names without a value': n => 'password'.repeat(n / 8),
  'values without an end': n => 'password="'.repeat(n / 10),
  'backslashes in a value': n => `password="${'\\'.repeat(n)}`,
  'names and escaped quotes': n => 'token:\\"'.repeat(n / 8),
  'URLs without a host': n => '://a'.repeat(n / 4),
  'a URL without an end': n => `://${'a'.repeat(n)}`,
  'heads of JSON Web Tokens': n => 'eyJabcdef-'.repeat(n / 10),
  'heads of keys': n => '-----BEGIN PRIVATE KEY-----'.repeat(n / 27),
  'headers in one line': n => 'cookie: '.repeat(n / 8),
  'prefixes of tokens': n => 'sk-npm_ghp_'.repeat(n / 11),
}

describe('A megabyte of hostile text takes little time to mask', () => {
  it.each(Object.entries(HOSTILE))('%s', (_, make) => {
    const text = make(1_000_000)
    const start = performance.now()
    maskSecrets(text)
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  it('and in a value only the shown part of it is read', () => {
    const limits = { depth: 5, items: 10, characters: 16_384, total: 1_000_000 }
    const secret = `password=${'x'.repeat(30_000_000)}`
    const start = performance.now()
    expect(toPlainData(new MaskedValue({ secret: 1, message: secret }), limits)?.plain).toEqual({
      secret: 1,
      message: 'password=[masked]… [truncated: 30000009 characters]',
    })
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})

describe('A masked value', () => {
  const limits = { depth: 5, items: 10, characters: 100, total: 10_000 }
  const shown = (value: object | string) => toPlainData(new MaskedValue(value), limits)?.plain

  it('has no text or bytes under a secret name, in objects, maps and lists of headers', () => {
    expect(
      shown({
        apiKey: 'k',
        privateKey: new Uint8Array([1, 2]),
        passwords: 3,
        token: 'short',
        map: new Map([['password', 'hunter2']]),
        headers: [
          ['authorization', 'x'],
          ['accept', 'y'],
        ],
      }),
    ).toEqual({
      apiKey: '[masked]',
      privateKey: '[masked]',
      passwords: 3,
      token: 'short',
      map: { '[Map 1]': [['password', '[masked]']] },
      headers: [
        ['authorization', '[masked]'],
        ['accept', 'y'],
      ],
    })
  })

  it('has no text or bytes deeper below a secret name either, and none in the first bytes of a key', () => {
    expect(
      shown({
        'set-cookie': ['sid=s3cr3t; Path=/', 'a=b'],
        password: { value: 'hunter2', rounds: 10, at: null },
        pairs: new Map([['authorization', ['Digest x']]]),
        beside: ['hunter2'],
        bytes: new Uint8Array(32).fill(255),
      }),
    ).toEqual({
      'set-cookie': ['[masked]', '[masked]'],
      password: { value: '[masked]', rounds: 10, at: null },
      pairs: { '[Map 1]': [['authorization', ['[masked]']]] },
      beside: ['hunter2'],
      bytes: `[Uint8Array of 32 bytes: ${'ff'.repeat(15)}…]`,
    })
  })

  it('has masked keys, errors, causes and patterns, and keeps what is beside it', () => {
    const cause = new Error('password=hunter2')
    const value = {
      'https://ada:pw@a.test': 1,
      error: new TypeError('Bearer abcdefgh1', { cause }),
      pattern: /api_key=abc/,
    }
    expect(toPlainData({ masked: new MaskedValue(value), beside: 'password=hunter2' }, limits)?.plain).toEqual({
      masked: {
        'https://[masked]@a.test': 1,
        error: {
          name: 'TypeError',
          message: 'Bearer [masked]',
          cause: { name: 'Error', message: 'password=[masked]' },
        },
        pattern: '/api_key=[masked]',
      },
      beside: 'password=hunter2',
    })
  })

  it('shows no part of a secret that begins just before the text is cut off', () => {
    const text = `${'x '.repeat(46)}${HEX}${HEX}`
    expect(JSON.stringify(shown(text))).not.toContain(HEX.slice(0, 4))
  })
})

describe('By default, the inspector', () => {
  async function messagesOf(options?: InspectorOptions) {
    await using inspector = await startInspector(options)
    const client = await TestClient.connect(inspector.url)
    const context = { url: 'https://ada:hunter2@a.test/', password: 'hunter2' }
    const actor = createActor(lastEventMachine(context), { inspect: inspector.inspect }).start()
    actor.send({
      type: 'host.failed',
      error: new Error('401 for password=hunter2', { cause: 'token: hunter2hunter2' }),
    })
    const failing = createActor(
      fromPromise(async () => Promise.reject(new Error('api_key=hunter2 refused'))),
      { input: 'Bearer hunter2hunter2', inspect: inspector.inspect },
    )
    failing.subscribe({ error: () => {} })
    failing.start()
    await waitFor(failing, ({ status }) => status === 'error').catch(() => {})
    const { event, snapshot } = await client.snapshotAfter('host.failed')
    await client.until(message => message.snapshot?.status === 'error')
    return { event, snapshot, text: JSON.stringify(client.messages) }
  }

  it('masks secrets in error messages of guests, events, contexts and inputs', async () => {
    const { event, snapshot, text } = await messagesOf()
    const error = { name: 'Error', message: '401 for password=[masked]', cause: 'token: [masked]' }
    expect(event).toEqual({ type: 'host.failed', error })
    expect(snapshot?.context).toMatchObject({ url: 'https://[masked]@a.test/', password: '[masked]', last: { error } })
    expect(text).toContain('api_key=[masked] refused')
    expect(text).not.toContain('hunter2')
  })

  it('shows everything if a sanitize of yours does', async () => {
    const { event } = await messagesOf({ sanitize: value => value })
    expect(event).toMatchObject({ error: { message: '401 for password=hunter2' } })
  })
})
