/* What a disk would hold after a power cut, imitated in the process (LD_PRELOAD).
 *
 * Writes to the database's files are noted; only fsync and fdatasync carry what was noted over to a shadow of the file
 * in POWER_CUT_FOLDER. A "cut" is then: kill the process, and put the shadows in the place of the files. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 8
#define DESCRIPTORS 4096

struct span { off_t at; size_t length; };
struct file { char path[PATH_MAX]; struct span *spans; size_t used, room; };

static struct file files[FILES];
static struct file *by_descriptor[DESCRIPTORS];
static char seen[DESCRIPTORS];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int watched(const char *path) {
    size_t length = strlen(path);
    return (length > 8 && !strcmp(path + length - 8, "/jobs.db")) ||
           (length > 12 && !strcmp(path + length - 12, "/jobs.db-wal"));
}

static struct file *file_of_path(const char *path) {
    for (int i = 0; i < FILES; i++) {
        if (!files[i].path[0]) strncpy(files[i].path, path, PATH_MAX - 1);
        if (!strcmp(files[i].path, path)) return &files[i];
    }
    return NULL;
}

static struct file *file_of(int fd) {
    if (fd < 0 || fd >= DESCRIPTORS || !getenv("POWER_CUT_FOLDER")) return NULL;
    if (!seen[fd]) {
        char link[64], path[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        path[length > 0 ? length : 0] = 0;
        by_descriptor[fd] = watched(path) ? file_of_path(path) : NULL;
        seen[fd] = 1;
    }
    return by_descriptor[fd];
}

static void note(int fd, off_t at, ssize_t length) {
    if (length <= 0) return;
    pthread_mutex_lock(&guard);
    struct file *file = file_of(fd);
    if (file) {
        if (file->used == file->room) {
            file->room = file->room ? 2 * file->room : 1024;
            file->spans = realloc(file->spans, file->room * sizeof *file->spans);
        }
        file->spans[file->used++] = (struct span){at, (size_t)length};
    }
    pthread_mutex_unlock(&guard);
}

static void shadow_path(const char *path, char *shadow) {
    snprintf(shadow, PATH_MAX, "%s/%s", getenv("POWER_CUT_FOLDER"), strrchr(path, '/') + 1);
}

static void carry_over(int fd) {
    pthread_mutex_lock(&guard);
    struct file *file = file_of(fd);
    if (file) {
        REAL(pwrite64);
        char shadow[PATH_MAX], buffer[65536];
        shadow_path(file->path, shadow);
        int out = open(shadow, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        for (size_t i = 0; i < file->used; i++) {
            off_t at = file->spans[i].at;
            size_t left = file->spans[i].length;
            while (left) {
                ssize_t got = pread(fd, buffer, left < sizeof buffer ? left : sizeof buffer, at);
                if (got <= 0) break;
                real(out, buffer, (size_t)got, at);
                at += got;
                left -= (size_t)got;
            }
        }
        struct stat now;
        if (!fstat(fd, &now)) {
            static int (*truncate_real)(int, off64_t);
            if (!truncate_real) truncate_real = (int (*)(int, off64_t))dlsym(RTLD_NEXT, "ftruncate64");
            truncate_real(out, now.st_size);
        }
        file->used = 0;
        static int (*close_real)(int);
        if (!close_real) close_real = (int (*)(int))dlsym(RTLD_NEXT, "close");
        close_real(out);
    }
    pthread_mutex_unlock(&guard);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    REAL(pwrite64);
    ssize_t written = real(fd, data, length, at);
    note(fd, at, written);
    return written;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
    REAL(pwrite);
    ssize_t written = real(fd, data, length, at);
    note(fd, at, written);
    return written;
}

int fsync(int fd) {
    REAL(fsync);
    int result = real(fd);
    if (!result) carry_over(fd);
    return result;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    int result = real(fd);
    if (!result) carry_over(fd);
    return result;
}

int close(int fd) {
    REAL(close);
    if (fd >= 0 && fd < DESCRIPTORS) {
        pthread_mutex_lock(&guard);
        seen[fd] = 0;
        pthread_mutex_unlock(&guard);
    }
    return real(fd);
}

int unlink(const char *path) {
    REAL(unlink);
    int result = real(path);
    if (!result && getenv("POWER_CUT_FOLDER") && watched(path)) {
        char shadow[PATH_MAX];
        shadow_path(path, shadow);
        real(shadow);
        pthread_mutex_lock(&guard);
        struct file *file = file_of_path(path);
        if (file) file->used = 0;
        pthread_mutex_unlock(&guard);
    }
    return result;
}
