/**
 * Whether this process stands still between calls, so that no timer rings and nothing runs in the background: AWS Lambda.
 * Then a refresh is started by a caller, who waits for it.
 */
export const standsStillBetweenCalls = (): boolean => process.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined
