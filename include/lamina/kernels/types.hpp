// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace lamina::kernels {

/// Images in a block: the innermost extent of every activation, for float and double alike.
inline constexpr int lanes = 16;

/// Activations of a batch: blocks of 16 images, each (channel, y, x, lane), `stride` elements
/// apart. Blocks are aligned to 64 bytes. Lanes without an image hold finite values in activations
/// and zeros in gradients.
template <class T>
struct blocked {
  T* data;
  std::ptrdiff_t stride;

  [[gnu::always_inline]] T* block(int i) const { return data + i * stride; }

  /// A view that only reads.
  [[gnu::always_inline]] operator blocked<const T>() const requires(!std::is_const_v<T>) {
    return {data, stride};
  }
};

/// Half open.
struct range {
  int first, last;
};

/// A view for reading that takes no part in the deduction of T.
template <class T>
using reading = std::type_identity_t<blocked<const T>>;

/// Rows and columns of a convolution's window and its strides.
template <int KH, int KW, int SH = 1, int SW = 1>
struct window {
  static_assert(KH > 0 && KW > 0 && SH > 0 && SW > 0);
};

struct dense_extents {
  int in, out;
};

/// The weights of a dense layer, (out, in), and what is kept of them for products that come, else
/// null: the same (in, out), by turn_dense_weights, and in tiles, by pack_dense_weights.
template <class T>
struct dense_matrix {
  const T* rows;
  const T* turned = nullptr;
  const T* packed = nullptr;

  constexpr dense_matrix(const T* weights, const T* turned_round = nullptr,  // NOLINT: implicit
                         const T* in_tiles = nullptr)
      : rows(weights), turned(turned_round), packed(in_tiles) {}
};

/// Memory, in lines of 64 bytes, that is read once a product is done: where it lies far away, the
/// product asks for it beside its work.
struct read_soon {
  const char* at = nullptr;
  std::ptrdiff_t lines = 0;
};

template <class T>
read_soon lines_of(const T* values, std::size_t count) {
  return {reinterpret_cast<const char*>(values),
          static_cast<std::ptrdiff_t>(count * sizeof(T) + 63) / 64};
}

/// The padding at the bottom and on the right follows from the other extents.
struct conv2d_extents {
  int in_channels, in_height, in_width, out_channels, out_height, out_width, pad_top, pad_left;
};

struct pool_extents {
  int channels, in_height, in_width, out_height, out_width;
  int window_height, window_width, stride_height, stride_width, pad_top, pad_left;
};

struct plane_extents {
  int channels, pixels;
};

/// A value is kept where dropout_hash(key, feature) >= rate * 2^32.
struct dropout_mask {
  double rate;                // 0 <= rate < 1
  const std::uint32_t* keys;  // (lane)
};

namespace detail {

/// Divides and rounds up; b > 0.
[[gnu::always_inline]] constexpr int ceil_divide(int a, int b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

/// The largest of as few shares of about equal size as take `most` each; all > 0.
[[gnu::always_inline]] constexpr int even_share(int all, int most) {
  return ceil_divide(all, ceil_divide(all, most));
}

}  // namespace detail

}  // namespace lamina::kernels
