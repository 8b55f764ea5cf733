/** The variables that a guest inherits. Any other might be a secret. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const

/**
 * The environment of a guest: `PATH`, `HOME`, `LANG` and `TMPDIR` of this process, if set, overridden by `env` of the config.
 */
export function guestEnvironment(
  env: Readonly<Record<string, string>>,
  ours: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const inherited = INHERITED.flatMap(name => {
    const value = ours[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(inherited), ...env }
}
