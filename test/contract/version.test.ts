import { describe, expect, it } from 'vitest'
import { byPrecedence, canonical, isSameVersion, type VersionLike } from '../../src/contract/version.js'

const messageOf = (version: unknown) => {
  try {
    return canonical(version as VersionLike)
  } catch (error) {
    return (error as Error).message
  }
}

describe('the text of a version', () => {
  const longest = `1.0.0-${'a'.repeat(250)}`

  it.each([
    ['1.4.0', '1.4.0'],
    ['2.0.0-rc.1', '2.0.0-rc.1'],
    ['1.0.0+build.5', '1.0.0'],
    [longest, longest],
  ])('%s is canonical as %s', (given, expected) => {
    expect(canonical(given)).toBe(expected)
    expect(canonical({ version: given })).toBe(expected)
  })

  it.each([
    ['v1.0.0', 'version must be SemVer, got "v1.0.0". Did you mean "1.0.0"?'],
    ['v1.0.0+build.5', 'version must be SemVer, got "v1.0.0+build.5". Did you mean "1.0.0+build.5"?'],
    ['1.0', 'version must be SemVer, got "1.0". Give a full SemVer version such as 1.4.0 or 2.0.0-rc.1.'],
    [7, 'version must be SemVer, got 7. Give a full SemVer version such as 1.4.0 or 2.0.0-rc.1.'],
    [null, 'version must be SemVer, got null. Give a full SemVer version such as 1.4.0 or 2.0.0-rc.1.'],
    [{}, 'version must be SemVer, got an object. Give a full SemVer version such as 1.4.0 or 2.0.0-rc.1.'],
    [{ version: 7 }, 'version must be SemVer, got an object. Give a full SemVer version such as 1.4.0 or 2.0.0-rc.1.'],
  ])('%j is refused, with a hint', (given, expected) => {
    expect(messageOf(given)).toBe(expected)
  })

  it('Longer text than SemVer allows is refused', () => {
    expect(messageOf(`${longest}a`)).toMatch(
      /^version must be SemVer, got "1\.0\.0-aaa.*\(259 characters\)\. Give a full/,
    )
  })

  it('The message calls it what the caller does', () => {
    expect(() => canonical('1', 'next')).toThrow('next must be SemVer')
  })
})

it.each([
  ['1.0.0', '1.0.0', true],
  ['1.0.0+build', '1.0.0', true],
  ['1.0.1', '1.0.0', false],
  ['1.0.0-rc.1', '1.0.0', false],
  ['1', '1.0.0', false],
  ['', '1.0.0', false],
])('Whether %j says the same version as %s: %s', (text, version, expected) => {
  expect(isSameVersion(text, version)).toBe(expected)
})

it('Versions are in order by precedence, not by their letters', () => {
  expect(['10.0.0', '9.0.0', '9.0.0-rc.10', '9.0.0-rc.9'].sort(byPrecedence)).toEqual([
    '9.0.0-rc.9',
    '9.0.0-rc.10',
    '9.0.0',
    '10.0.0',
  ])
})
