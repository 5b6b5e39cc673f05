// The same as hook.pl beside it, for machines whose Perl is missing or of another kind.
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');

const [hook, path] = process.argv.slice(2);
const teal = connect(path);
let pending = '';

function end(code) {
  process.exitCode = code;
  teal.destroy();
}

teal.setEncoding('utf8');
teal.on('connect', () => teal.end(`${hook} ${process.ppid}\n${readFileSync(0, 'utf8')}`));
teal.on('data', (text) => {
  const lines = (pending + text).split('\n');
  pending = lines.pop();
  for (const line of lines) {
    if (line.startsWith('=')) process.stdout.write(`${line.slice(1)}\n`);
    else return end(line.startsWith('+') ? 0 : 1);
  }
});
teal.on('error', () => {});
teal.on('close', () => {
  if (process.exitCode !== undefined) return;
  const landed = hook === 'post-receive';
  process.exitCode = landed ? 0 : 1;
  process.stdout.write(
    landed
      ? 'Teal is stopping. The push is in; "teal status" shows what becomes of it.\n'
      : 'Teal is starting or stopping. Push again in a moment.\n',
  );
});
