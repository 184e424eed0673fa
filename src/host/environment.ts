/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The process's own environment, as it is now. */
export const systemEnvironment = (): Environment => process.env

/** Writes to the process's standard error. */
export const systemStderr = (text: string): void => void process.stderr.write(text)
