// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include <oneapi/tbb/task_arena.h>

#include <lamina/data/examples.hpp>
#include <lamina/execution/buffer.hpp>
#include <lamina/execution/few_images_step.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/kernels/one_image.hpp>

namespace lamina::execution {

/// Inference over fewer images than the lanes of a block: neighbouring pixels and inputs lie in the
/// lanes. Not for networks with a layer of a user's own, which sees whole blocks.
template <class Blueprint, class T, class Arch>
class few_images {
 public:
  static constexpr int count = Blueprint::code.count;
  /// With more images, a block of which some lanes are idle is as fast.
  static constexpr int most = 12;

  template <int Index>
  using step = few_images_step<Blueprint, Index, T, Arch>;

  static constexpr bool knows_all_layers = [] {
    for (int i = 0; i < count; ++i) {
      const auto kind = Blueprint::code.operations[static_cast<std::size_t>(i)].kind;
      if (kind == layer_kind::custom || kind == layer_kind::dropout) return false;
    }
    return count > 0;
  }();

  /// The outputs of the network for `images` images from `first` on, (image, output).
  void predict(T* parameters, T* fixed, const examples& from, std::size_t first, int images,
               T* to) {
    reserve(images);
    frame<T> batch;
    batch.images = images;
    batch.parameters = parameters;
    batch.fixed = fixed;
    for (int i = 0; i < images; ++i) bring(from.image(first + static_cast<std::size_t>(i)), i);
    run(batch, std::make_integer_sequence<int, count>{});
    for (int i = 0; i < images; ++i, to += step<count - 1>::place::out.size()) {
      kernels::gather_pixels<Arch>(step<count - 1>::out, memory_.data() + i * stride + begin[count],
                                   to);
    }
  }

 private:
  static constexpr std::ptrdiff_t whole(std::ptrdiff_t n) { return (n + 15) / 16 * 16; }

  /// Where the images begin that each step reads; the last entry but one is the result's, the last
  /// the end of them all.
  static constexpr std::array<std::ptrdiff_t, count + 2> begin =
      []<int... Index>(std::integer_sequence<int, Index...>) {
    std::array<std::ptrdiff_t, count + 2> at{};
    std::ptrdiff_t next = whole(step<0>::in.size());
    ((at[Index + 1] = step<Index>::output_size == 0 ? at[Index] : next,
      next += whole(step<Index>::output_size)),
     ...);
    at[count + 1] = next;
    return at;
  }
  (std::make_integer_sequence<int, count>{});
  static constexpr std::ptrdiff_t stride = begin[count + 1];

  static constexpr std::size_t scratch = []<int... Index>(std::integer_sequence<int, Index...>) {
    return std::max({std::size_t{16}, step<Index>::scratch_size()...});
  }
  (std::make_integer_sequence<int, count>{});

  void reserve(int images) {
    const auto threads = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
    if (scratch_.size() < threads * scratch) scratch_ = buffer<T>(threads * scratch);
    if (images <= images_) return;
    images_ = images;
    memory_ = buffer<T>(static_cast<std::size_t>(images * stride));
  }

  void bring(const image_view& image, int at) {
    T* const to = memory_.data() + at * stride;
    constexpr kernels::image_layout layout = step<0>::in;
    const T factor = static_cast<T>(image.factor), offset = static_cast<T>(image.offset);
    if (image.values.empty()) {
      kernels::spread_pixels<Arch>(image.pixels.data(), factor / T{255}, offset, layout, to);
    } else {
      kernels::spread_pixels<Arch>(image.values.data(), factor, offset, layout, to);
    }
  }

  template <int... Index>
  void run(const frame<T>& batch, std::integer_sequence<int, Index...>) {
    T* const memory = memory_.data();
    (step<Index>::run(batch, memory + begin[Index], memory + begin[forked(Index)],
                      memory + begin[Index + 1], stride, scratch_.data()),
     ...);
  }

  /// The step whose input a join adds; 0 for other steps.
  static constexpr int forked(int index) {
    const auto kind = Blueprint::code.operations[static_cast<std::size_t>(index)].kind;
    return kind == layer_kind::join ? detail::fork_of(Blueprint::code, index) : 0;
  }

  int images_ = 0;
  buffer<T> memory_;
  buffer<T> scratch_;
};

}  // namespace lamina::execution
