import { isSameVersion, type RuntimeInfo } from '../../contract/index.js'
import { type Body, PROTOCOL_VERSION } from '../../protocol/index.js'
import {
  INFO_RESPONSE,
  type InfoRequest,
  parseInfoResponse,
  runtimeIdOf,
  STREAMS_FEATURE,
} from '../../protocol/internal.js'
import type { CheckedConfig } from '../provisioner.js'

/** `cutover`: requests and answers are any values. `raw`: they are bodies of the protocol, for runtimes of Oasis Core. */
export type Protocol = 'cutover' | 'raw'

/** The handshake of a host: its first request, and the check of the answer. */
export class Handshake {
  readonly #config: CheckedConfig
  readonly #protocol: Protocol
  readonly #runtimeId: Uint8Array

  constructor(config: CheckedConfig, protocol: Protocol) {
    this.#config = config
    this.#protocol = protocol
    this.#runtimeId = runtimeIdOf(config.id)
  }

  /** The payload of `RuntimeInfoRequest`. A runtime of Oasis Core rejects unknown fields. */
  request(): InfoRequest {
    const { id, version, localConfig = {}, hostInfo = {} } = this.#config
    const { consensusBackend = '', consensusProtocolVersion = {}, consensusChainContext = '' } = hostInfo
    const { major = 0, minor = 0, patch = 0 } = consensusProtocolVersion
    return {
      runtime_id: this.#runtimeId,
      consensus_backend: consensusBackend,
      consensus_protocol_version: { major, minor, patch },
      consensus_chain_context: consensusChainContext,
      ...(Object.keys(localConfig).length === 0 ? {} : { local_config: localConfig }),
      ...(this.#protocol === 'raw' ? {} : { id, version, features: { [STREAMS_FEATURE]: true } }),
    }
  }

  /** @throws Error that names what was expected and what came */
  accept({ kind, payload }: Body): RuntimeInfo {
    const { version } = this.#config
    if (kind !== INFO_RESPONSE) throw new Error(`it answered with ${kind} in place of ${INFO_RESPONSE}.`)
    const answer = parseInfoResponse(payload)
    if (majorOf(answer.protocol_version) !== majorOf(PROTOCOL_VERSION)) {
      throw new Error(
        `it speaks protocol ${answer.protocol_version}, this host ${PROTOCOL_VERSION}: the major versions must be equal.`,
      )
    }
    if (!isSameVersion(answer.runtime_version, version)) {
      throw new Error(`it says that it is version ${answer.runtime_version}, and its config that it is ${version}.`)
    }
    if (answer.runtime_id !== undefined && Buffer.compare(answer.runtime_id, this.#runtimeId) !== 0) {
      throw new Error(`its runtime_id is not that of its config, ${Buffer.from(this.#runtimeId).toString('hex')}.`)
    }
    return { version, protocolVersion: answer.protocol_version, features: answer.features }
  }
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? ''
}
