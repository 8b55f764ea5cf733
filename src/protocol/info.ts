import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { describe } from '../contract/index.js'
import { isPlain } from '../support/index.js'
import { PROTOCOL_VERSION } from './messages.js'

/** A version as Oasis sends it; what is 0 may be left out. */
interface WireVersion {
  readonly major?: number | bigint
  readonly minor?: number | bigint
  readonly patch?: number | bigint
}

/** What the host says first. */
export interface InfoRequest {
  /** 32 bytes. */
  readonly runtime_id: Uint8Array
  readonly consensus_backend: string
  readonly consensus_protocol_version: WireVersion
  readonly consensus_chain_context: string
  readonly local_config?: Readonly<Record<string, unknown>>
  /** Only between a host and a guest of this library. */
  readonly id?: string
  readonly version?: string
}

/** What the guest answers to that. */
export interface InfoResponse {
  readonly protocol_version: string
  readonly runtime_version: string
  readonly features: Readonly<Record<string, unknown>>
  /** Only when the guest sends one; then it must be the one that the host has sent. */
  readonly runtime_id: Uint8Array | undefined
}

/** 64 hex digits are the 32 bytes themselves, as in Oasis Core; of any other id it is the SHA-256. */
export function runtimeIdOf(id: string): Uint8Array {
  return /^[0-9a-f]{64}$/i.test(id) ? Buffer.from(id, 'hex') : createHash('sha256').update(id).digest()
}

/** What a guest of this library answers. */
export function infoAnswer(version: string, runtimeId: Uint8Array): Readonly<Record<string, unknown>> {
  const [major, minor] = PROTOCOL_VERSION.split('.').map(Number)
  return { protocol_version: { major, minor }, runtime_version: version, features: {}, runtime_id: runtimeId }
}

/** Reads an `InfoRequest`. @throws TypeError that names the field that does not fit */
export function parseInfoRequest(payload: unknown): InfoRequest {
  const fields = mapField(payload, 'RuntimeInfoRequest')
  const { runtime_id, local_config, id, version } = fields
  if (!types.isUint8Array(runtime_id) || runtime_id.length !== 32)
    throw invalidField('runtime_id', '32 bytes', runtime_id)
  versionText(fields['consensus_protocol_version'], 'consensus_protocol_version')
  return {
    runtime_id,
    consensus_backend: textField(fields, 'consensus_backend'),
    consensus_protocol_version: fields['consensus_protocol_version'] as WireVersion,
    consensus_chain_context: textField(fields, 'consensus_chain_context'),
    ...(isAbsent(local_config) ? {} : { local_config: mapField(local_config, 'local_config') }),
    ...(isAbsent(id) ? {} : { id: textField(fields, 'id') }),
    ...(isAbsent(version) ? {} : { version: textField(fields, 'version') }),
  }
}

/** Reads an `InfoResponse`, its versions as text. @throws TypeError that names the field that does not fit */
export function parseInfoResponse(payload: unknown): InfoResponse {
  const { protocol_version, runtime_version, features, runtime_id } = mapField(payload, 'RuntimeInfoResponse')
  if (runtime_id !== undefined && !types.isUint8Array(runtime_id))
    throw invalidField('runtime_id', '32 bytes', runtime_id)
  return {
    protocol_version: versionText(protocol_version, 'protocol_version'),
    runtime_version: versionText(runtime_version, 'runtime_version'),
    features: isAbsent(features) ? {} : mapField(features, 'features'),
    runtime_id,
  }
}

/** A version, sent as text or as a map, as text. @throws TypeError when it is neither */
export function versionText(version: unknown, field = 'version'): string {
  if (typeof version === 'string' && version !== '') return version
  const parts = mapField(version, field)
  return ['major', 'minor', 'patch'].map(name => partOf(parts[name], `${field}.${name}`)).join('.')
}

function partOf(part: unknown, field: string): string {
  if (part === undefined) return '0'
  if (typeof part === 'bigint' || (Number.isSafeInteger(part) && (part as number) >= 0)) return String(part)
  throw invalidField(field, 'an integer from 0', part)
}

function textField(fields: Readonly<Record<string, unknown>>, field: string): string {
  const text = fields[field]
  if (typeof text === 'string') return text
  throw invalidField(field, 'a text', text)
}

function mapField(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (isPlain(value)) return value
  throw invalidField(field, 'a map', value)
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function invalidField(field: string, expected: string, got: unknown): TypeError {
  return new TypeError(`${field} must be ${expected}, got ${describe(got)}.`)
}
