/** Parts of the hosts that only the library's own remote host uses. */
export { ConnectedGuest } from './connected/connectedGuest.js'
export { type CompiledConnected, compileConnected } from './connected/connectedOptions.js'
export type { Launcher, LauncherReports } from './connected/launcher.js'
export { assertModuleSource, moduleLoader } from './inProcess/moduleSource.js'
export { type CheckedConfig, checkConfig, type ModuleSource } from './provisioner.js'
export type { Guest, GuestReports } from './supervised/guest.js'
export { SupervisedRuntime } from './supervised/supervisedRuntime.js'
