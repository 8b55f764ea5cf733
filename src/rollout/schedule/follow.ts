import { type Observable, Subscription } from 'rxjs'
import { Aggregate, NAME } from '../../aggregate/index.js'
import { invalidOption, type Logger, object, safeLogger, validLogger } from '../../contract/index.js'
import { Rollout } from '../rollout.js'
import type { Deployment } from './deployments.js'
import { compileDue, type DueOptions } from './due.js'
import { FollowedAggregate } from './followedAggregate.js'
import { FollowedRollout } from './followedRollout.js'
import { Schedule } from './schedule.js'

/** The options of {@link follow}. */
export interface FollowOptions extends DueOptions {
  /** Gets the versions that are asked for, and the lists that are refused. @default none */
  readonly logger?: Logger | undefined
}

/**
 * Lets an aggregate or a rollout have the versions that are due, as {@link due} says, from now on.
 *
 * An aggregate gets them by `setVersion`, and its versions below the active one leave. A next version waits until it is due, also
 * without an active one. A rollout starts the next version in advance; once it is due, it has to prove itself. A version that did
 * not stay is not ordered again until the list changes, and a version that soaks is not disturbed.
 *
 * The largest time that `now$` has emitted counts. A list that breaks a rule of {@link due}, or changes a deployment that has begun,
 * is logged, and the last good one stays. The end or the error of a stream changes nothing, and neither does a list that is empty
 * from the beginning.
 *
 * @param target - a rollout is started before: `await rollout.start()`
 * @param deployments$ - emits the whole list each time
 * @param now$ - emits the time, in the unit of `validFrom`. A version is due as soon as this says so
 * @returns the subscription. `unsubscribe()` leaves the versions in place; a version that was started in advance by a rollout leaves
 * @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the parameter and what it got
 */
export function follow<Req, Res>(
  target: Aggregate<Req, Res> | Rollout<Req, Res>,
  deployments$: Observable<readonly Deployment[]>,
  now$: Observable<number>,
  options: FollowOptions = {},
): Subscription {
  const compiled = compileDue(options)
  const bindings = target instanceof Aggregate ? { aggregate: target[NAME] } : {}
  const logger = safeLogger(validLogger(object('options', options).logger), bindings)
  const lists$ = stream('deployments$', deployments$)
  const times$ = stream('now$', now$)
  const subscription = new Subscription()
  const schedule = new Schedule(compiled, followerOf(target, logger, subscription), logger)
  const failed = (name: string) => (err: unknown) =>
    logger.error({ err }, `${name} failed: it changes nothing any more`)
  subscription.add(times$.subscribe({ next: now => schedule.takeTime(now), error: failed('now$') }))
  subscription.add(lists$.subscribe({ next: list => schedule.takeList(list), error: failed('deployments$') }))
  return subscription
}

function followerOf<Req, Res>(
  target: Aggregate<Req, Res> | Rollout<Req, Res>,
  logger: Logger,
  subscription: Subscription,
): FollowedAggregate<Req, Res> | FollowedRollout<Req, Res> {
  const end = () => subscription.unsubscribe()
  if (target instanceof Aggregate) {
    subscription.add(target.watchEvents().subscribe({ complete: end }))
    return new FollowedAggregate(target, logger)
  }
  if (!(target instanceof Rollout)) throw invalidOption('target', 'an Aggregate or a Rollout of this library', target)
  const followed = new FollowedRollout(target, logger)
  subscription.add(target.watch().subscribe({ next: () => followed.look(), complete: end }))
  subscription.add(() => followed.end())
  return followed
}

function stream<T>(name: string, value: Observable<T>): Observable<T> {
  if (typeof object(name, value).subscribe === 'function') return value
  throw invalidOption(name, 'an Observable', value)
}
