#!/bin/sh
# gpiodetect, gpioget and gpiomon of libgpiod for tests: installed under these names in a folder that says what they see.
# Strict about the options of their generation (file `generation`); gpiomon prints what comes through the pipe `events`.
tool=${0##*/}
cd "${0%/*}" || exit 1
generation=$(cat generation)

die() {
  echo "$tool: $*" >&2
  exit 1
}

# Is a line held by somebody else (file `busy`), or by a gpiomon that still runs?
refuse_held() {
  [ -e busy ] && die "$1: Device or resource busy"
  [ -e pid ] && [ -d "/proc/$(cat pid)" ] && die "$1: Device or resource busy"
}

case $1 in
  --version | -v)
    [ "$generation" = 1 ] && echo "$tool (libgpiod) v1.6.3" || echo "$tool (libgpiod) v2.2.1"
    exit 0
    ;;
esac
[ "$tool" = gpiodetect ] && exec cat chips

printf '%s\n' "$@" >asked
chip=
banner=
while :; do
  case $generation:$tool:$1 in
    1:gpiomon:-[lsrfb] | 1:gpioget:-l) shift ;;
    1:gpiomon:-[BnF] | 1:gpioget:-B) shift 2 ;;
    2:gpiomon:--banner) banner=1 && shift ;;
    2:gpiomon:-[lqs] | 2:gpioget:-[als] | 2:gpioget:--numeric) shift ;;
    2:*:-c) chip=$2 && shift 2 ;;
    2:gpiomon:-[bCeEFnp] | 2:gpioget:-[bCp]) shift 2 ;;
    *:-*) die "unrecognized option '$1'" ;;
    *) break ;;
  esac
done
[ "$generation" = 1 ] && chip=$1 && shift
case $chip in
  gpiochip*) ;;
  *) die "cannot find GPIO chip character device '$chip'" ;;
esac
for line in "$@"; do
  case $line in
    *[!0-9]*) die "cannot find line '$line'" ;;
  esac
done

if [ "$tool" = gpioget ]; then
  refuse_held 'unable to request lines'
  exec cat levels
fi
refuse_held 'error waiting for events'
printf x >>starts
echo $$ >pid
mv asked call
[ -n "$banner" ] && echo "Monitoring lines '$1', and '$2'..."
exec cat events
