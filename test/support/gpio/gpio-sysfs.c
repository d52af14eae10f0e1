/*
 * /sys/class/gpio for tests: the kernel's files, their errors and their poll behaviour, without a chip.
 * Use: gpio-sysfs FOLDER BASE:LINES:LABEL... ; then commands on standard input, one a line, each answered by one line:
 *   set N LEVEL     the line changes its level      busy N      somebody else holds the line
 *   exported        lists exported lines            vanish      every read fails from now on
 * Modelled on Documentation/admin-guide/gpio/sysfs.rst: numbers are global, an unknown one is EINVAL, a taken one EBUSY;
 * `value` polls as POLLPRI|POLLERR once per change since it was last read.
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES 1024
#define OPENS 64

struct chip { int base, lines; char label[64]; };
struct line { int exported, busy, level, active_low, events; char direction[8], edge[8]; };
/* One open `value` file: which change it has seen, and whom to wake. */
struct reader { int used, number, seen; struct fuse_pollhandle *waiting; };

static struct chip chips[16];
static int chip_count, vanished;
static struct line lines[LINES];
static struct reader readers[OPENS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct chip *chip_of(int number) {
  for (int i = 0; i < chip_count; i++)
    if (number >= chips[i].base && number < chips[i].base + chips[i].lines) return &chips[i];
  return NULL;
}

/* Splits "/gpio529/value" or "/gpiochip512/label"; returns 1 for a line, 2 for a chip, 0 for neither. */
static int parse(const char *path, int *number, const char **file) {
  int used = 0, kind = 0;
  if (sscanf(path, "/gpiochip%d%n", number, &used) == 1) kind = 2;
  else if (sscanf(path, "/gpio%d%n", number, &used) == 1) kind = 1;
  *file = path[used] == '/' ? path + used + 1 : path + used;
  if (kind == 1 && (*number < 0 || *number >= LINES || !lines[*number].exported)) return 0;
  if (kind == 2) {
    struct chip *chip = chip_of(*number);
    if (!chip || chip->base != *number) return 0;
  }
  return kind;
}

static int is_one_of(const char *file, const char *names) {
  char list[80], *rest = NULL;
  snprintf(list, sizeof list, "%s", names);
  for (char *name = strtok_r(list, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
    if (!strcmp(name, file)) return 1;
  return 0;
}

static int do_getattr(const char *path, struct stat *st, struct fuse_file_info *fi) {
  int number;
  const char *file;
  (void)fi;
  memset(st, 0, sizeof *st);
  int kind = parse(path, &number, &file);
  if (!strcmp(path, "/") || (kind && !*file)) {
    st->st_mode = S_IFDIR | 0755;
    st->st_nlink = 2;
    return 0;
  }
  st->st_nlink = 1;
  st->st_size = 4096;
  st->st_mode = S_IFREG | 0644;
  if (is_one_of(path, "/export /unexport")) return 0;
  if (kind == 1 && is_one_of(file, "direction value edge active_low")) return 0;
  if (kind == 2 && is_one_of(file, "label base ngpio")) return 0;
  return -ENOENT;
}

static int do_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off, struct fuse_file_info *fi,
                      enum fuse_readdir_flags flags) {
  char name[32];
  (void)off, (void)fi, (void)flags;
  if (strcmp(path, "/")) return 0;
  fill(buf, "export", NULL, 0, 0);
  fill(buf, "unexport", NULL, 0, 0);
  for (int i = 0; i < chip_count; i++) {
    snprintf(name, sizeof name, "gpiochip%d", chips[i].base);
    fill(buf, name, NULL, 0, 0);
  }
  for (int n = 0; n < LINES; n++) {
    if (!lines[n].exported) continue;
    snprintf(name, sizeof name, "gpio%d", n);
    fill(buf, name, NULL, 0, 0);
  }
  return 0;
}

static int do_open(const char *path, struct fuse_file_info *fi) {
  int number;
  const char *file;
  fi->direct_io = 1;
  fi->fh = OPENS;
  if (parse(path, &number, &file) != 1 || strcmp(file, "value")) return 0;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < OPENS && fi->fh == OPENS; i++) {
    if (readers[i].used) continue;
    readers[i] = (struct reader){.used = 1, .number = number, .seen = -1};
    fi->fh = i;
  }
  pthread_mutex_unlock(&lock);
  return fi->fh == OPENS ? -EMFILE : 0;
}

static int do_release(const char *path, struct fuse_file_info *fi) {
  (void)path;
  if (fi->fh >= OPENS) return 0;
  pthread_mutex_lock(&lock);
  if (readers[fi->fh].waiting) fuse_pollhandle_destroy(readers[fi->fh].waiting);
  memset(&readers[fi->fh], 0, sizeof readers[0]);
  pthread_mutex_unlock(&lock);
  return 0;
}

static int do_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi) {
  char text[80] = "";
  int number;
  const char *file;
  if (vanished) return -ENODEV;
  pthread_mutex_lock(&lock);
  int kind = parse(path, &number, &file);
  struct chip *chip = kind == 2 ? chip_of(number) : NULL;
  if (chip && !strcmp(file, "label")) snprintf(text, sizeof text, "%s\n", chip->label);
  if (chip && !strcmp(file, "base")) snprintf(text, sizeof text, "%d\n", chip->base);
  if (chip && !strcmp(file, "ngpio")) snprintf(text, sizeof text, "%d\n", chip->lines);
  if (kind == 1 && !strcmp(file, "direction")) snprintf(text, sizeof text, "%s\n", lines[number].direction);
  if (kind == 1 && !strcmp(file, "edge")) snprintf(text, sizeof text, "%s\n", lines[number].edge);
  if (kind == 1 && !strcmp(file, "active_low")) snprintf(text, sizeof text, "%d\n", lines[number].active_low);
  if (kind == 1 && !strcmp(file, "value")) {
    snprintf(text, sizeof text, "%d\n", lines[number].level ^ lines[number].active_low);
    if (fi->fh < OPENS) readers[fi->fh].seen = lines[number].events;
  }
  pthread_mutex_unlock(&lock);
  size_t length = strlen(text);
  if ((size_t)off >= length) return 0;
  if (size > length - off) size = length - off;
  memcpy(buf, text + off, size);
  return size;
}

static int export_line(int number) {
  if (number < 0 || number >= LINES || !chip_of(number)) return -EINVAL;
  if (lines[number].exported || lines[number].busy) return -EBUSY;
  lines[number].exported = 1;
  lines[number].active_low = 0;
  strcpy(lines[number].direction, "in");
  strcpy(lines[number].edge, "none");
  return 0;
}

static int do_write(const char *path, const char *buf, size_t size, off_t off, struct fuse_file_info *fi) {
  char text[16] = "";
  int number, result = -EINVAL;
  const char *file;
  (void)off, (void)fi;
  if (vanished) return -ENODEV;
  memcpy(text, buf, size < sizeof text - 1 ? size : sizeof text - 1);
  text[strcspn(text, "\n")] = 0;
  pthread_mutex_lock(&lock);
  if (!strcmp(path, "/export")) result = export_line(atoi(text));
  else if (!strcmp(path, "/unexport")) {
    number = atoi(text);
    if (number >= 0 && number < LINES && lines[number].exported) lines[number].exported = 0, result = 0;
  } else if (parse(path, &number, &file) == 1) {
    result = 0;
    if (!strcmp(file, "direction") && is_one_of(text, "in out high low")) snprintf(lines[number].direction, 8, "%.7s", text);
    else if (!strcmp(file, "edge") && is_one_of(text, "none rising falling both")) snprintf(lines[number].edge, 8, "%.7s", text);
    else if (!strcmp(file, "active_low")) lines[number].active_low = atoi(text);
    else result = -EPERM;
  }
  pthread_mutex_unlock(&lock);
  return result ? result : (int)size;
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *fi) {
  (void)path, (void)size, (void)fi;
  return 0;
}

static int do_poll(const char *path, struct fuse_file_info *fi, struct fuse_pollhandle *handle, unsigned *revents) {
  (void)path;
  if (fi->fh >= OPENS) return -EPERM;
  pthread_mutex_lock(&lock);
  struct reader *reader = &readers[fi->fh];
  if (handle) {
    if (reader->waiting) fuse_pollhandle_destroy(reader->waiting);
    reader->waiting = handle;
  }
  if (vanished || reader->seen != lines[reader->number].events) *revents |= POLLPRI | POLLERR;
  pthread_mutex_unlock(&lock);
  return 0;
}

static void wake(int number) {
  for (int i = 0; i < OPENS; i++) {
    if (!readers[i].used || (number >= 0 && readers[i].number != number) || !readers[i].waiting) continue;
    fuse_notify_poll(readers[i].waiting);
    fuse_pollhandle_destroy(readers[i].waiting);
    readers[i].waiting = NULL;
  }
}

static void set_level(int number, int level) {
  struct line *line = &lines[number];
  if (line->level == level) return;
  line->level = level;
  if (!strcmp(line->edge, "both") || !strcmp(line->edge, level ? "rising" : "falling")) {
    line->events++;
    wake(number);
  }
}

static void *obey(void *unused) {
  char command[80], word[16];
  int number, level;
  (void)unused;
  while (fgets(command, sizeof command, stdin)) {
    int words = sscanf(command, "%15s %d %d", word, &number, &level);
    pthread_mutex_lock(&lock);
    if (words == 3 && !strcmp(word, "set")) set_level(number, level);
    else if (words == 3 && !strcmp(word, "busy")) lines[number].busy = level;
    else if (!strcmp(word, "vanish")) vanished = 1, wake(-1);
    else if (!strcmp(word, "exported"))
      for (int n = 0; n < LINES; n++)
        if (lines[n].exported) printf("%d ", n);
    pthread_mutex_unlock(&lock);
    printf("done\n");
    fflush(stdout);
  }
  _exit(0);
}

static void *do_init(struct fuse_conn_info *connection, struct fuse_config *config) {
  pthread_t thread;
  (void)connection;
  config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
  pthread_create(&thread, NULL, obey, NULL);
  return NULL;
}

static const struct fuse_operations operations = {
    .init = do_init, .getattr = do_getattr, .readdir = do_readdir, .open = do_open, .release = do_release,
    .read = do_read, .write = do_write, .truncate = do_truncate, .poll = do_poll,
};

int main(int argc, char **argv) {
  for (int i = 2; i < argc && chip_count < 16; i++, chip_count++)
    if (sscanf(argv[i], "%d:%d:%63s", &chips[chip_count].base, &chips[chip_count].lines, chips[chip_count].label) != 3) return 2;
  char *arguments[] = {argv[0], argv[1], "-f", NULL};
  return fuse_main(3, arguments, &operations, NULL);
}
