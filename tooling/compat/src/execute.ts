import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024

/** Where and with what {@link execute} runs a command. */
export interface ExecuteOptions {
  readonly cwd: string
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Run a command to its end as a user would. Resolves with its stdout, without white space around it.
 *
 * @throws Error with all that it printed when it fails.
 */
export async function execute(
  command: string,
  args: readonly string[],
  { cwd, env }: ExecuteOptions,
): Promise<string> {
  // npm and npx are `.cmd` files on Windows, which only a shell can start.
  const shell = process.platform === 'win32' && /^(npm|npx)$/.test(command)
  const options = { cwd, env: { ...userEnvironment(), ...env }, shell, maxBuffer: MAX_OUTPUT_BYTES }
  try {
    const { stdout } = await run(command, [...args], options)
    return stdout.trim()
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout}\n${stderr}`, { cause: error })
  }
}

/** Settings that pnpm and vitest pass to their children are not part of a user's environment. */
function userEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(npm_|pnpm_|node_options$|node_path$|node_env$|vitest|test$)/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}
