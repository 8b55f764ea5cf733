/** Checked by the compiler: `npm run build` fails when a type of the public API changes. */
import type {
  AbortOptions,
  AggregateMetrics,
  AggregateOptions,
  AggregateStatus,
  CallOptions,
  CapabilityTEE,
  Clock,
  ErrorCode,
  Inspect,
  Logger,
  Role,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  SetVersionOptions,
  VersionLike,
  VersionPair,
} from 'cutover'
import { type Aggregate, type CutoverError, isCutoverError } from 'cutover'
import {
  type CallContext,
  inProcess,
  type Provisioner,
  type RuntimeConfig,
  type RuntimeContext,
  type RuntimeModule,
} from 'cutover/hosts'
import { type FetchHandlerOptions, fetchHandler, type HttpServer, serveHttp } from 'cutover/http'
import type { Rollout, RolloutEvent, RolloutOptions, RolloutResult, RolloutStatus, ToOptions } from 'cutover/rollout'
import {
  type AggregateScenariosOptions,
  aggregateScenarios,
  type ControllableRuntime,
  type EventRecorder,
  recordEvents,
  type SimulatedClock,
  type TestCase,
} from 'cutover/testing'
import type { Observable } from 'rxjs'
import type { SemVer } from 'semver'
import { expectTypeOf, it } from 'vitest'
import type { InspectionEvent, Observer } from 'xstate'

it('The types of the aggregate are those of the design', () => {
  type Agg = Aggregate<string, number>
  expectTypeOf<Agg>().toExtend<Runtime<string, number>>()
  expectTypeOf<Agg>().toExtend<AsyncDisposable>()
  expectTypeOf<Agg['addVersion']>().toEqualTypeOf<(version: VersionLike, runtime: Runtime<string, number>) => void>()
  expectTypeOf<Agg['removeVersion']>().toEqualTypeOf<(version: VersionLike) => void>()
  expectTypeOf<Agg['hasVersion']>().toEqualTypeOf<(version: VersionLike) => boolean>()
  expectTypeOf<Agg['version']>().toEqualTypeOf<(version: VersionLike) => Runtime<string, number>>()
  expectTypeOf<Agg['versions']>().toEqualTypeOf<() => string[]>()
  expectTypeOf<Agg['setVersion']>().toEqualTypeOf<
    (active?: VersionLike | null, next?: VersionLike | null, options?: SetVersionOptions) => Promise<VersionPair>
  >()
  expectTypeOf<Agg['swap']>().toEqualTypeOf<() => Promise<VersionPair>>()
  expectTypeOf<Agg['metrics']>().toEqualTypeOf<() => AggregateMetrics>()
  expectTypeOf<Agg['setShare']>().toEqualTypeOf<(percent: number) => void>()
  expectTypeOf<Agg['whenRunning']>().toExtend<(options?: CallOptions) => Promise<string>>()
  expectTypeOf<Agg['status']>().toEqualTypeOf<() => AggregateStatus>()
  expectTypeOf<Agg['stop']>().toEqualTypeOf<() => Promise<void>>()
  expectTypeOf<Agg['dispose']>().toEqualTypeOf<() => Promise<void>>()
  expectTypeOf<Agg['abort']>().toEqualTypeOf<(options?: AbortOptions) => Promise<void>>()
  expectTypeOf<Agg['call']>().toEqualTypeOf<(request: string, options?: CallOptions) => Promise<number>>()
  expectTypeOf<Agg['watchEvents']>().toEqualTypeOf<() => Observable<RuntimeEvent>>()
  expectTypeOf<Agg['getInfo']>().toEqualTypeOf<(options?: CallOptions) => Promise<RuntimeInfo>>()
  expectTypeOf<Agg['getCapabilityTEE']>().toEqualTypeOf<() => CapabilityTEE | undefined>()
  expectTypeOf<Agg['component']>().toEqualTypeOf<(id: string) => Runtime | undefined>()
  expectTypeOf<VersionPair>().toEqualTypeOf<{ readonly active: string | null; readonly next: string | null }>()
})

it('What users have at hand fits the options', () => {
  expectTypeOf<SemVer>().toExtend<VersionLike>()
  expectTypeOf<SimulatedClock>().toExtend<Clock>()
  expectTypeOf<Console>().toExtend<Logger>()
  expectTypeOf<AggregateOptions['inspect']>().toEqualTypeOf<Inspect | undefined>()
  expectTypeOf<Observer<InspectionEvent> | ((event: InspectionEvent) => void)>().toExtend<Inspect>()
  expectTypeOf<Parameters<NonNullable<AggregateOptions<string>['propagate']>>>().toEqualTypeOf<[request: string]>()
  expectTypeOf<ConstructorParameters<typeof Aggregate<string>>>().toEqualTypeOf<[options: AggregateOptions<string>]>()
  expectTypeOf<ControllableRuntime<string, number>>().toExtend<Runtime<string, number>>()
})

it('Roles are as the design has them', () => {
  expectTypeOf<Role>().toEqualTypeOf<'next' | 'sharing' | 'active' | 'leaving'>()
  expectTypeOf<Runtime['setRole']>().toEqualTypeOf<((role: Role) => void) | undefined>()
  expectTypeOf<(role: Role) => void>().toExtend<RuntimeModule['role']>()
})

it('Errors and hosts are as the design has them', () => {
  expectTypeOf<CutoverError['code']>().toEqualTypeOf<ErrorCode>()
  expectTypeOf(isCutoverError).toEqualTypeOf<(error: unknown, code?: ErrorCode) => error is CutoverError>()
  expectTypeOf(inProcess).returns.toEqualTypeOf<Provisioner>()
  expectTypeOf<Provisioner['provision']>().toExtend<(config: RuntimeConfig) => Runtime>()
  expectTypeOf<RuntimeModule<string, number>['call']>().toEqualTypeOf<
    (request: string, context: CallContext) => number | Promise<number>
  >()
  expectTypeOf<RuntimeContext['callHost']>().toEqualTypeOf<
    (request: unknown, options?: CallOptions) => Promise<unknown>
  >()
})

it('The kit takes what users have, and gives cases for any runner', () => {
  expectTypeOf(aggregateScenarios).returns.toEqualTypeOf<TestCase[]>()
  expectTypeOf<Provisioner>().toExtend<AggregateScenariosOptions['provision']>()
  expectTypeOf<(version: string) => Runtime<string, number>>().toExtend<
    AggregateScenariosOptions<string, number>['provision']
  >()
  expectTypeOf<NonNullable<AggregateScenariosOptions<string, number>['check']>>().parameters.toEqualTypeOf<
    [answer: number, version: string]
  >()
  expectTypeOf<Aggregate>().toExtend<Parameters<typeof recordEvents>[0]>()
  expectTypeOf(recordEvents).returns.toEqualTypeOf<EventRecorder>()
  expectTypeOf<EventRecorder>().toExtend<Disposable>()
})

it('The types of a rollout are those of the design', () => {
  type Own = Rollout<string, number>
  expectTypeOf<Own>().toExtend<AsyncDisposable>()
  expectTypeOf<Own['start']>().toEqualTypeOf<() => Promise<string | null>>()
  expectTypeOf<Own['to']>().toEqualTypeOf<
    (version: VersionLike, plan?: ToOptions<string, number>) => Promise<RolloutResult>
  >()
  expectTypeOf<Own['rollback']>().toEqualTypeOf<() => Promise<RolloutResult>>()
  expectTypeOf<Own['cancel']>().toEqualTypeOf<(reason?: unknown) => void>()
  expectTypeOf<Own['pause'] | Own['resume'] | Own['advance']>().toEqualTypeOf<() => void>()
  expectTypeOf<Own['status']>().toEqualTypeOf<() => RolloutStatus>()
  expectTypeOf<Own['watch']>().toEqualTypeOf<() => Observable<RolloutEvent>>()
  expectTypeOf<RolloutOptions<string, number>['provision']>().toEqualTypeOf<
    (version: string) => Runtime<string, number> | Promise<Runtime<string, number>>
  >()
})

it('The types of cutover/http are those of its page', () => {
  expectTypeOf(fetchHandler).returns.toEqualTypeOf<(request: Request) => Promise<Response>>()
  expectTypeOf(fetchHandler).parameter(0).toExtend<{ call: (request: never) => Promise<unknown> }>()
  expectTypeOf<Aggregate>().toExtend<Parameters<typeof serveHttp>[0]>()
  expectTypeOf(serveHttp).returns.resolves.toEqualTypeOf<HttpServer>()
  expectTypeOf<FetchHandlerOptions['key']>().toEqualTypeOf<((request: Request) => string | undefined) | undefined>()
})
