# SPDX-License-Identifier: BSL-1.0
# Sourced by the commands beside it. `need WHAT...` looks for each thing and, on Debian, installs the
# packages of those that are missing; elsewhere it names them and stops.

# One line a thing: its name, how it is found, its Debian package.
things='
g++        command g++                     g++
cmake      command cmake                   cmake
ninja      command ninja                   ninja-build
ccache     command ccache                  ccache
python3    command python3                 python3
clang      command clang++-19              clang-19
sanitizers file    /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.asan-*.a libclang-rt-19-dev
hana       header  boost/hana.hpp          libboost-dev
xsimd      header  xsimd/xsimd.hpp         libxsimd-dev
tbb        header  oneapi/tbb/version.h    libtbb-dev
zlib       header  zlib.h                  zlib1g-dev
deflate    header  libdeflate.h            libdeflate-dev
png        header  png.h                   libpng-dev
jpeg       header  jpeglib.h               libjpeg-dev
curl       header  curl/curl.h             libcurl4-openssl-dev
zip        header  zip.h                   libzip-dev
cli11      header  CLI/Version.hpp         libcli11-dev
cairo      header  cairo/cairo.h           libcairo2-dev
json       header  nlohmann/json_fwd.hpp   nlohmann-json3-dev
doctest    header  doctest/doctest.h       doctest-dev
benchmark  header  benchmark/benchmark.h   libbenchmark-dev
matplotlib file    /usr/lib/python3/dist-packages/matplotlib/__init__.py python3-matplotlib
dnnl       header  dnnl.hpp                libdnnl-dev
dlib       header  dlib/dnn.h              libdlib-dev
aarch64    command aarch64-linux-gnu-g++   g++-aarch64-linux-gnu
qemu       command qemu-aarch64            qemu-user
openblas   file    /usr/lib/*/openblas-openmp/libblas.so.3 libopenblas0-openmp
fashion    file    /usr/share/datasets/fashion-mnist/* dataset-fashion-mnist
'

build_things='g++ cmake ninja hana xsimd tbb zlib deflate png jpeg curl zip cli11 cairo json'

is_here() {  # KIND NAME
  case $1 in
    command) command -v "$2" > /dev/null ;;
    file) ls $2 > /dev/null 2>&1 ;;
    header) echo "#if !__has_include(<$2>)
#error
#endif" | g++ -E -x c++ - > /dev/null 2>&1 ;;
  esac
}

packages_of() {  # the packages of those things that are missing
  for thing in "$@"; do
    echo "$things" | while read -r name kind what package; do
      if [ "$name" = "$thing" ] && ! is_here "$kind" "$what"; then echo "$package"; fi
    done
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

need() {
  missing=$(packages_of "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if ! command -v apt-get > /dev/null; then
    echo "$(basename "$0"): missing, by the names of Debian's packages: $missing" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo > /dev/null; then
    echo "$(basename "$0"): neither root nor sudo, please install: $missing" >&2
    return 1
  fi
  echo "$(basename "$0"): installing with apt-get: $missing" >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update < /dev/null &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
      $missing < /dev/null > /dev/null
}

# As many compilers at once as there are cores, and 2 GB of memory for each.
jobs() {
  if [ -n "${CMAKE_BUILD_PARALLEL_LEVEL:-}" ]; then
    echo "$CMAKE_BUILD_PARALLEL_LEVEL"
    return
  fi
  cores=$(nproc)
  room=$(awk '/^MemAvailable/ {print int($2 / 2000000)}' /proc/meminfo)
  if [ "$room" -lt 1 ]; then room=1; fi
  if [ "$room" -lt "$cores" ]; then echo "$room"; else echo "$cores"; fi
}
