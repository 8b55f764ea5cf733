import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from '../../contract/index.js'
import type { ProcessCommand } from './command.js'

const SHELL = '/bin/sh'

/**
 * Waits for the end of the pipe whose other end only this process holds. Then it removes the socket, `$0`, and its directory,
 * `$1`, gives the guest half a second to stop by itself, and kills the process group. Without `sleep` it kills at once.
 */
const WATCH = 'cd /; read -r line; rm -f "$0"; rmdir "$1"; sleep 0.5; kill -KILL 0'

/**
 * Starts the watch and becomes the command, which keeps this pid. The watch ignores the signals that end a whole group. It
 * is not a child of the command, which may wait for all its children.
 */
const LAUNCH = [
  `(trap '' HUP INT QUIT PIPE ALRM TERM USR1 USR2; exec ${SHELL} -c "$1" "$2" "$3" <&3 3<&- >/dev/null 2>&1 &)`,
  'shift 3',
  'exec "$@" 3<&-',
]

/** Variables that shells add to the environment. */
const ADDED_BY_SHELLS = ['PWD', 'OLDPWD', 'SHLVL']
/** A shell drops variables with other names. */
const KEPT_BY_SHELLS = /^[A-Za-z_]\w*$/

/**
 * The same command, run so that its whole process group is killed when this process ends, in whatever way and at whatever
 * moment of the launch. It must lead a process group, and get a pipe from this process as descriptor 3.
 *
 * Undefined when there can be no watch: the logger is told why. Process 1 needs none: the system ends all others with it.
 */
export function withOrphanWatch(
  command: ProcessCommand,
  socketPath: string,
  logger: Logger,
): ProcessCommand | undefined {
  if (process.pid === 1) return undefined
  const { file, args, env } = command
  const obstacle = obstacleFor(env)
  if (obstacle !== undefined) {
    logger.warn({}, `a guest runs without orphan watch, and may stay when this process is killed: ${obstacle}`)
    return undefined
  }
  const unwanted = ADDED_BY_SHELLS.filter(name => !Object.hasOwn(env, name))
  const launch = [`unset ${unwanted.join(' ')}`, ...LAUNCH].join('\n')
  return {
    ...command,
    file: SHELL,
    args: ['-c', launch, 'cutover', WATCH, socketPath, dirname(socketPath), file, ...args],
  }
}

function obstacleFor(env: ProcessCommand['env']): string | undefined {
  if (!existsSync(SHELL)) return `there is no ${SHELL}`
  const name = Object.keys(env).find(key => !KEPT_BY_SHELLS.test(key))
  return name === undefined ? undefined : `its variable ${JSON.stringify(name)} does not pass through a shell`
}
