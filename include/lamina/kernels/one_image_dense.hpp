// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <type_traits>

#include "lamina/kernels/one_image.hpp"
#include "lamina/kernels/one_image_sparse.hpp"

namespace lamina::kernels {

namespace detail {

/// Registers of a row that have sums of their own. All rows add up in one order, so that an answer
/// does not depend on how many images are asked for.
inline constexpr int sums_of_a_row = 4;

/// Rows x `Sums` registers of sums over the inputs of one dense layer: of every sums_of_a_row
/// registers of the first `whole` inputs those from `from` on. The rows are `row` elements apart.
/// One or two rows are read as memory gives them fastest, lines of a row side by side; for more of
/// them each input is read once.
template <class Arch, int Rows, int Sums, class T>
[[gnu::always_inline]] inline void add_products(int whole, const T* weights, std::ptrdiff_t row,
                                                const T* x, int from,
                                                batch<Arch, T> (&sums)[Rows][Sums]) {
  constexpr int w = width<Arch, T>;
  constexpr bool by_row = Rows <= 2;
  unroll<Rows * Sums>([&](int i) __attribute__((always_inline)) {
    sums[i / Sums][i % Sums] = filled<Arch, T>(T(0));
  });
  for (int k = from * w; k < whole; k += sums_of_a_row * w) {
    if constexpr (by_row) {
      unroll<Rows>([&](int r) __attribute__((always_inline)) {
        batch<Arch, T> some[Sums];
        unroll<Sums>([&](int s) __attribute__((always_inline)) {
          some[s] = held(load_unaligned<Arch>(weights + r * row + k + s * w));
        });
        unroll<Sums>([&](int s) __attribute__((always_inline)) {
          sums[r][s] = kernels::fma(some[s], load_unaligned<Arch>(x + k + s * w), sums[r][s]);
        });
      });
    } else {
      unroll<Sums>([&](int s) __attribute__((always_inline)) {
        const auto inputs = held(load_unaligned<Arch>(x + k + s * w));
        unroll<Rows>([&](int r) __attribute__((always_inline)) {
          sums[r][s] =
              kernels::fma(load_unaligned<Arch>(weights + r * row + k + s * w), inputs, sums[r][s]);
        });
      });
    }
  }
}

/// Adds weights x to the sums of `Rows` rows that are `apart` rows from each other. One or two go
/// through all registers at once; more of them twice, each time for half of the registers.
template <class Arch, int Rows, class T>
[[gnu::noinline]] void dense_rows(int in, const T* weights, const T* x, T* sums_of_rows,
                                  std::ptrdiff_t apart) {
  constexpr int w = width<Arch, T>, half = sums_of_a_row / 2, step = sums_of_a_row * w;
  const std::ptrdiff_t row = apart * in;
  const int whole = in / step * step;
  batch<Arch, T> total[Rows];
  if constexpr (Rows <= 2) {
    batch<Arch, T> sums[Rows][sums_of_a_row];
    add_products<Arch>(whole, weights, row, x, 0, sums);
    unroll<Rows>([&](int r) __attribute__((always_inline)) {
      total[r] = (sums[r][0] + sums[r][1]) + (sums[r][2] + sums[r][3]);
    });
  } else {
    batch<Arch, T> sums[Rows][half];
    add_products<Arch>(whole, weights, row, x, 0, sums);
    unroll<Rows>([&](int r) __attribute__((always_inline)) { total[r] = sums[r][0] + sums[r][1]; });
    add_products<Arch>(whole, weights, row, x, half, sums);
    unroll<Rows>([&](int r) __attribute__((always_inline)) {
      total[r] = total[r] + (sums[r][0] + sums[r][1]);
    });
  }
  int k = whole;
  for (; k + w <= in; k += w) {
    const auto inputs = load_unaligned<Arch>(x + k);
    unroll<Rows>([&](int r) __attribute__((always_inline)) {
      total[r] = kernels::fma(load_unaligned<Arch>(weights + r * row + k), inputs, total[r]);
    });
  }
  unroll<Rows>([&](int r) __attribute__((always_inline)) {
    T sum = kernels::sum(total[r]);
    for (int rest = k; rest < in; ++rest) sum += weights[r * row + rest] * x[rest];
    sums_of_rows[r * apart] += sum;
  });
}

/// Adds the products with all values. The weights, which are read once, serve all images. They are
/// read as streams that never break off, each a half or a quarter of the rows: two for one image
/// and many weights, which memory limits, else four, for which each input is read once.
template <class Arch, class T>
void add_all_products(dense_extents e, const T* weights, const image_row<T>& of, range outputs) {
  const int count = outputs.last - outputs.first;
  const auto rows = [&](auto at_once, int first, std::ptrdiff_t apart) {
    const T* from = weights + static_cast<std::ptrdiff_t>(first) * e.in;
    for (int i = 0; i < of.images; ++i)
      dense_rows<Arch, decltype(at_once)::value>(e.in, from, of.x + i * of.stride,
                                                 of.y + i * of.stride + first, apart);
  };
  const auto in_streams = [&](auto streams) {
    const int part = count / streams;
    for (int o = outputs.first; o < outputs.first + part; ++o) rows(streams, o, part);
    for (int o = outputs.first + streams * part; o < outputs.last; ++o)
      rows(std::integral_constant<int, 1>{}, o, 0);
  };
  if (of.images == 1 && std::ptrdiff_t{count} * e.in > weights_in_cache<Arch, T>)
    in_streams(std::integral_constant<int, 2>{});
  else
    in_streams(std::integral_constant<int, 4>{});
}

/// y = weights x + bias. An answer does not depend on the images beside it.
template <class Arch, class T>
[[gnu::noinline]] void dense_few_images(dense_extents e, dense_matrix<T> weights, const T* bias,
                                        const image_row<T>& all, range outputs) {
  const int count = outputs.last - outputs.first;
  for (int i = 0; i < all.images; ++i) {
    T* const sums = all.y + i * all.stride + outputs.first;
    if (bias == nullptr)
      std::fill_n(sums, count, T(0));
    else
      std::copy_n(bias + outputs.first, count, sums);
  }
  const auto is_sparse = [&](int image) {
    return weights.turned != nullptr &&
           16 * count_nonzero<Arch>(e.in, all.x + image * all.stride) <= 9 * e.in;
  };
  for (int first = 0, last = 0; first < all.images; first = last) {
    const bool sparse = is_sparse(first);
    do ++last;
    while (last < all.images && last - first < most_images && is_sparse(last) == sparse);
    if (sparse)
      add_nonzero_products<Arch>(e, weights.turned, all.from(first, last), outputs);
    else
      add_all_products<Arch>(e, weights.rows, all.from(first, last), outputs);
  }
}

}  // namespace detail

/// y = what `end` makes of weights x for the given outputs, for `images` images `stride` elements
/// apart. Of an image of which about half is zero or more, turned weights are read where it is not.
template <class Arch = native, class T, class Activation>
void dense_one_image(dense_extents e, std::type_identity_t<dense_matrix<T>> weights,
                     const product_end<T, Activation>& end, const T* x, T* y, int images,
                     std::ptrdiff_t stride, range outputs) {
  detail::dense_few_images<Arch>(e, weights, end.bias, {x, y, images, stride}, outputs);
  for (int i = 0; i < images; ++i) {
    T* const values = y + i * stride;
    detail::map_values<Arch>(outputs.last - outputs.first,
                             static_cast<const T*>(values + outputs.first), values + outputs.first,
                             end.activation);
    if (end.scale == nullptr) continue;
    for (int o = outputs.first; o < outputs.last; ++o)
      values[o] = end.scale[o] * values[o] + end.shift[o];
  }
}

}  // namespace lamina::kernels
