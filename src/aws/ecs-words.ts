/** `(service web) was unable ...`: the name stands on the screen already, and a target group is known by its name. */
export const withoutService = (message: string): string =>
  message
    .replace(/^\(service [^)]*\)\s*/, '')
    .replace(/\(target-group arn:[^)]*:targetgroup\/([^/)]+)\/[^)]*\)/g, '(target group $1)')
    .replace(/\.$/, '')
