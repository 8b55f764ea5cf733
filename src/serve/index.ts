/** `cutover/serve`: types for `cutover.config.mjs`, and for the module of `--verify`. Experimental: it may change in any release. */
export type { ServedVersion, ServeStatus } from './events.js'
export { defineConfig, type ServeConfig } from './options/configuration.js'
export type { VerifyContext } from './service/verify.js'
