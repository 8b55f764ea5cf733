import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { describe, type Role } from '../contract/index.js'
import { isPlain } from '../support/index.js'
import { PROTOCOL_VERSION } from './messages.js'

const ROLES: readonly unknown[] = ['next', 'sharing', 'active', 'leaving'] satisfies Role[]

/** A version as Oasis Core sends it; a missing part is 0. */
interface WireVersion {
  readonly major?: number | bigint
  readonly minor?: number | bigint
  readonly patch?: number | bigint
}

/** The payload of `RuntimeInfoRequest`, the first message of the host. */
export interface InfoRequest {
  /** 32 bytes. */
  readonly runtime_id: Uint8Array
  readonly consensus_backend: string
  readonly consensus_protocol_version: WireVersion
  readonly consensus_chain_context: string
  readonly local_config?: Readonly<Record<string, unknown>>
  /** Missing with `protocol: 'raw'`, as is `version`. */
  readonly id?: string
  readonly version?: string
  /** The features that the host offers. */
  readonly features?: Readonly<Record<string, unknown>>
}

/** The payload of `RuntimeInfoResponse`. */
export interface InfoResponse {
  readonly protocol_version: string
  readonly runtime_version: string
  readonly features: Readonly<Record<string, unknown>>
  /** Optional. If present, it must equal the one in the request. */
  readonly runtime_id: Uint8Array | undefined
}

/** Converts an id of 64 hex digits to its 32 bytes, as Oasis Core does, and hashes any other id with SHA-256. */
export function runtimeIdOf(id: string): Uint8Array {
  return /^[0-9a-f]{64}$/i.test(id) ? Buffer.from(id, 'hex') : createHash('sha256').update(id).digest()
}

/** Builds the `RuntimeInfoResponse` of a guest of this library. */
export function infoAnswer(
  version: string,
  runtimeId: Uint8Array,
  features: InfoResponse['features'] = {},
): Readonly<Record<string, unknown>> {
  const [major, minor] = PROTOCOL_VERSION.split('.').map(Number)
  return { protocol_version: { major, minor }, runtime_version: version, features, runtime_id: runtimeId }
}

/** Reads the payload of `RuntimeRoleRequest`. @throws TypeError for anything else */
export function parseRole(payload: unknown): Role {
  const { role } = mapField(payload, 'RuntimeRoleRequest')
  if (!ROLES.includes(role)) throw invalidField('role', `one of ${ROLES.join(', ')}`, role)
  return role as Role
}

/** Validates an `InfoRequest`. @throws TypeError that names the invalid field */
export function parseInfoRequest(payload: unknown): InfoRequest {
  const fields = mapField(payload, 'RuntimeInfoRequest')
  const { runtime_id, local_config, id, version, features } = fields
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
    ...(isAbsent(features) ? {} : { features: mapField(features, 'features') }),
  }
}

/** Validates an `InfoResponse`, and converts its versions to text. @throws TypeError that names the invalid field */
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

/** Converts a version, text or a map, to text. @throws TypeError for anything else */
export function versionText(version: unknown, field = 'version'): string {
  if (typeof version === 'string' && version !== '') return version
  const parts = mapField(version, field)
  return ['major', 'minor', 'patch'].map(name => partOf(parts[name], `${field}.${name}`)).join('.')
}

function partOf(part: unknown, field: string): string {
  if (part === undefined) return '0'
  if (typeof part === 'bigint' || (Number.isSafeInteger(part) && (part as number) >= 0)) return String(part)
  throw invalidField(field, 'a non-negative integer', part)
}

function textField(fields: Readonly<Record<string, unknown>>, field: string): string {
  const text = fields[field]
  if (typeof text === 'string') return text
  throw invalidField(field, 'text', text)
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
