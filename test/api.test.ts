import { expect, test } from 'vitest'
import { apiReports } from '../scripts/api/report.ts'

test.each(apiReports())(
  '$file says what is public: if that is meant to change, run npm run api -- --write',
  ({ actual, expected }) => {
    expect(actual).toBe(expected)
  },
)
