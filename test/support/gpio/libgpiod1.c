/*
 * The few calls of libgpiod 1 that its own gpiodetect, gpioget and gpiomon make, without a chip below them: so the real
 * tools run here with their real options and output. The folder FAKE_GPIOD holds `levels` ("0 1") and the pipe `events`,
 * which gives "offset type seconds nanoseconds" (type 1 rising, 0 falling) a line. Declarations follow gpiod.h of 1.6.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct poll_fd { int fd; bool event; };
typedef int (*poll_callback)(unsigned int, struct poll_fd *, const struct timespec *, void *);
typedef int (*event_callback)(int, unsigned int, const struct timespec *, void *);

static const struct chip { const char *name, *label; unsigned int lines; } chips[] = {
    {"gpiochip0", "raspberrypi-exp-gpio", 8},
    {"gpiochip1", "pinctrl-bcm2711", 58},
    {NULL, NULL, 0},
};
static unsigned int next_chip;

const char *gpiod_version_string(void) { return "1.6.3"; }
void *gpiod_chip_iter_new(void) { return &next_chip; }
const struct chip *gpiod_chip_iter_next(void *iter) {
  const struct chip *chip = &chips[next_chip++];
  return iter && chip->name ? chip : NULL;
}
void gpiod_chip_iter_free(void *iter) { (void)iter; }
const char *gpiod_chip_name(const struct chip *chip) { return chip->name; }
const char *gpiod_chip_label(const struct chip *chip) { return chip->label; }
unsigned int gpiod_chip_num_lines(const struct chip *chip) { return chip->lines; }

static FILE *open_file(const char *name, const char *mode) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", getenv("FAKE_GPIOD"), name);
  return fopen(path, mode);
}

int gpiod_ctxless_get_value_multiple_ext(const char *device, const unsigned int *offsets, int *values, unsigned int count,
                                         bool active_low, const char *consumer, int flags) {
  FILE *file = open_file("levels", "r");
  (void)device, (void)offsets, (void)active_low, (void)consumer, (void)flags;
  for (unsigned int i = 0; file && i < count; i++)
    if (fscanf(file, "%d", &values[i]) != 1) errno = EBUSY, file = NULL;
  return file ? 0 : -1;
}

int gpiod_ctxless_event_monitor_multiple_ext(const char *device, int type, const unsigned int *offsets, unsigned int count,
                                             bool active_low, const char *consumer, const struct timespec *timeout,
                                             poll_callback wait, event_callback tell, void *data, int flags) {
  FILE *events = open_file("events", "r+");
  (void)device, (void)type, (void)offsets, (void)count, (void)active_low, (void)consumer, (void)flags;
  if (!events) return -1;
  setvbuf(events, NULL, _IONBF, 0);
  for (;;) {
    struct poll_fd fd = {fileno(events), false};
    int ready = wait(1, &fd, timeout, data);
    if (ready < 0) return ready == -1 ? -1 : 0;
    if (!fd.event) continue;
    unsigned int offset;
    int rising;
    struct timespec at;
    if (fscanf(events, "%u %d %ld %ld", &offset, &rising, &at.tv_sec, &at.tv_nsec) != 4) return -1;
    fgetc(events);
    if (tell(rising ? 2 : 3, offset, &at, data)) return 0;
  }
}
