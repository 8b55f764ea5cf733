import { describe, expect, it } from 'vitest'
import { parseInfoRequest, parseInfoResponse, versionText } from '../../src/protocol/info.js'

const request = {
  runtime_id: new Uint8Array(32),
  consensus_backend: 'none',
  consensus_protocol_version: { major: 1 },
  consensus_chain_context: '',
}

describe('RuntimeInfoRequest', () => {
  it('Is valid with and without its optional fields', () => {
    expect(parseInfoRequest(request)).toEqual(request)
    const all = { ...request, local_config: { a: 1 }, id: 'x', version: '1.0.0' }
    expect(parseInfoRequest(all)).toEqual(all)
  })

  it.each([
    ['runtime_id', new Uint8Array(31), /runtime_id must be 32 bytes/],
    ['consensus_backend', 1, /consensus_backend must be text, got 1/],
    ['consensus_protocol_version', { minor: -1 }, /consensus_protocol_version.minor must be a non-negative integer/],
    ['consensus_chain_context', undefined, /consensus_chain_context must be text/],
    ['local_config', [], /local_config must be a map/],
    ['version', 2, /version must be text/],
  ])('Is refused if %s is invalid', (field, value, why) => {
    expect(() => parseInfoRequest({ ...request, [field]: value })).toThrow(why)
  })
})

describe('RuntimeInfoResponse', () => {
  it('Has versions as text, or as maps that may leave out zeros', () => {
    expect(versionText({ minor: 2 })).toBe('0.2.0')
    expect(versionText({})).toBe('0.0.0')
    expect(parseInfoResponse({ protocol_version: { major: 5, minor: 1 }, runtime_version: '1.2.3-rc.1' })).toEqual({
      protocol_version: '5.1.0',
      runtime_version: '1.2.3-rc.1',
      features: {},
    })
  })

  it.each([
    [null, /RuntimeInfoResponse must be a map/],
    [{ protocol_version: 5, runtime_version: '1.0.0' }, /protocol_version must be a map, got 5/],
    [{ protocol_version: '5.1.0', runtime_version: '' }, /runtime_version must be a map/],
    [{ protocol_version: '5.1.0', runtime_version: '1.0.0', features: 'x' }, /features must be a map/],
  ])('Is refused if it is invalid: %o', (payload, why) => {
    expect(() => parseInfoResponse(payload)).toThrow(why)
  })
})
