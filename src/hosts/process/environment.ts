/** What a guest is given of our own environment; everything else would hand it our secrets. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const

/**
 * The environment of a guest: `PATH`, `HOME`, `LANG` and `TMPDIR` of ours where they are set, then `env` of the config,
 * which wins over them.
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
