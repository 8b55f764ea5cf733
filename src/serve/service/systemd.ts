import { execFile } from 'node:child_process'
import type { ServiceLog } from './serviceLog.js'

/** Tells systemd how far the service is, if it was started by a unit with `Type=notify` and `NotifyAccess=all`. */
export function notifySystemd(state: 'READY=1' | 'STOPPING=1', log: ServiceLog): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return
  execFile('systemd-notify', [`--pid=${process.pid}`, state], error => {
    if (error !== null) log.say(`systemd-notify failed: ${error.message.trim()}`)
  })
}
