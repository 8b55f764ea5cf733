import type { ViewModel } from '../data/index.js'

const TABS = [
  ['chart', 'Statechart'],
  ['sequence', 'Sequence'],
] as const

/** Chooses between the statechart of the selected actor and the sequence of all events. */
export function ViewTabs({ view }: { readonly view: ViewModel }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <span class="tabs" role="group" aria-label="View">
      {TABS.map(([shows, text]) => (
        <button
          key={shows}
          type="button"
          class="small"
          aria-pressed={view.shows === shows}
          onClick={() => view.set({ shows })}
        >
          {text}
        </button>
      ))}
    </span>
  )
}
