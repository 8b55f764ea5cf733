import { useMemo } from 'preact/hooks'
import type { ChartState } from './chart.js'
import { parseChart } from './parseChart.js'

/** The states of a statechart as nested lists, for as long as there is no drawing of it. */
export function StateList({ definition, active }: { readonly definition: string; readonly active: readonly string[] }) {
  const chart = useMemo(() => parseChart(definition), [definition])
  return chart === undefined ? null : (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
    <section class="scroll state-list" tabIndex={0} aria-label={`States of ${chart.root.key}`}>
      <States states={chart.root.children} active={new Set(active)} />
    </section>
  )
}

function States({ states, active }: { readonly states: readonly ChartState[]; readonly active: ReadonlySet<string> }) {
  return (
    <ul>
      {states.map(({ path, key, children, description }) => (
        <li key={path}>
          <span
            class={active.has(path) ? 'active' : ''}
            data-listed-state={path}
            title={description ?? key}
            {...(active.has(path) ? { 'aria-current': 'true' as const } : {})}
          >
            {key}
          </span>
          {children.length > 0 && <States states={children} active={active} />}
        </li>
      ))}
    </ul>
  )
}
