// Adds up the JSON reports of the test runs in a folder, tells what failed last, where a cut log still has it, and
// fails unless all is well.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, failed] = process.argv.slice(2)
const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
const sum = (key) => reports.reduce((total, report) => total + report[key], 0)
// A file that could not even be loaded has no tests, but is a failure.
const broken = reports.flatMap((report) =>
  report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((one) => one.status !== 'failed'),
  ),
)
const told = sum('numFailedTests') + broken.length
// A run that was killed leaves no report.
const bad = told === 0 && failed !== '0' ? 1 : told
if (bad > told) console.log('a test run did not end')
for (const { name, message } of broken) console.log(`could not run: ${name}\n${message}`)
for (const file of reports.flatMap((report) => report.testResults)) {
  for (const { fullName, status, failureMessages } of file.assertionResults) {
    if (status !== 'failed') continue
    console.log(`failed: ${file.name}: ${fullName}\n${failureMessages.join('\n').slice(0, 4000)}`)
  }
}
console.log(`\n${sum('numPassedTests')} passed, ${bad} failed`)
process.exitCode = bad > 0 || sum('numPassedTests') === 0 ? 1 : 0
