// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <lamina/fusion/steps.hpp>
#include <lamina/kernels/types.hpp>
#include <lamina/plan/blueprint.hpp>

namespace lamina::execution {

using kernels::blocked;
using kernels::lanes;
using kernels::range;

/// What the steps of a network work on: one batch in its arena.
template <class T>
struct frame {
  T* arena = nullptr;
  std::ptrdiff_t block_stride = 0;  // elements from a block of 16 images to the next
  int images = 0;
  bool training = false;
  T* parameters = nullptr;  // layout: detail::slots_of; forward in training moves the statistics
  T* gradients = nullptr;   // the same layout
  bool keeps_gradients = true;  // else some are told to the sink alone
  T* fixed = nullptr;           // packed weights and statistics: blueprint::fixed
  /// What dropout's masks and augmentation follow from, with the number of each image: the epoch,
  /// or what else the images are drawn for.
  std::uint64_t seed = 0, drawn_for = 0;
  const std::uint32_t* samples = nullptr;  // the number of each image in its data set
  kernels::read_soon soon = {};            // the images of the next batch, where they are known

  int blocks() const { return (images + lanes - 1) / lanes; }

  /// The buffer at this offset of the plan (in values of an image), block by block.
  blocked<T> at(std::ptrdiff_t offset) const { return {arena + offset * lanes, block_stride}; }
};

/// Told when the gradients [offset, offset + count) of the parameters are complete, and where they
/// lie; may be called from several threads at once for different ranges. The weights may be changed
/// then, and the gradients, which are not read again.
template <class T>
class gradient_sink {
 public:
  gradient_sink() = default;

  template <class Function>
  static gradient_sink to(const Function& function) {
    gradient_sink sink;
    sink.object_ = &function;
    sink.call_ = [](const void* object, std::ptrdiff_t offset, std::ptrdiff_t count, T* gradient) {
      (*static_cast<const Function*>(object))(offset, count, gradient);
    };
    return sink;
  }

  void operator()(std::ptrdiff_t offset, std::ptrdiff_t count, T* gradient) const {
    if (call_ != nullptr && count > 0) call_(object_, offset, count, gradient);
  }

 private:
  const void* object_ = nullptr;
  void (*call_)(const void*, std::ptrdiff_t, std::ptrdiff_t, T*) = nullptr;
};

template <class T>
blocked<const T> as_const(blocked<T> buffer) {
  return {buffer.data, buffer.stride};
}

/// The places of one operation of a blueprint: constants, and its buffers in a frame.
template <class Blueprint, int Index, class T>
struct step_place {
  static constexpr detail::operation operation = Blueprint::code.operations[Index];
  static constexpr int members = operation.layers.count;

  template <int Member>
  static constexpr int layer_index = operation.layers.layer[Member];
  template <int Member>
  using located =
      typename detail::located_at<typename Blueprint::located,
                                  Blueprint::code.operations[Index].layers.layer[Member]>::type;
  template <int Member>
  using layer = typename located<Member>::layer;

  /// Whether there is such a member, and of this kind.
  template <int Member>
  static constexpr bool is(layer_kind kind) {
    if constexpr (Member < members) {
      return detail::kind_of<layer<Member>>() == kind;
    } else {
      return false;
    }
  }

  static constexpr bool ends_in_a_pool = is<members - 1>(layer_kind::max_pool);

  /// All of them, as fused<…>.
  using layers = typename decltype([]<int... Member>(std::integer_sequence<int, Member...>) {
    return std::type_identity<fused<layer<Member>...>>{};
  }(std::make_integer_sequence<int, members>{}))::type;

  static constexpr detail::extents in = detail::extents_of(typename located<0>::in{});
  static constexpr detail::extents out = detail::extents_of(typename located<members - 1>::out{});
  static constexpr bool wants_input_gradient = operation.input != 0;

  static blocked<T> input(const frame<T>& batch) {
    return batch.at(Blueprint::memory.value[operation.input]);
  }
  static blocked<T> other(const frame<T>& batch) {
    return batch.at(Blueprint::memory.value[operation.other]);
  }
  static blocked<T> output(const frame<T>& batch) {
    return batch.at(Blueprint::memory.value[operation.output]);
  }
  static blocked<T> input_gradient(const frame<T>& batch) {
    return batch.at(Blueprint::memory.gradient[operation.input]);
  }
  static blocked<T> output_gradient(const frame<T>& batch) {
    return batch.at(Blueprint::memory.gradient[operation.output]);
  }
  static blocked<T> workspace(const frame<T>& batch) {
    return batch.at(Blueprint::memory.workspace[Index]);
  }

  static blocked<T> half_of_gradient(const frame<T>& batch) {
    return batch.at(Blueprint::memory.half[Index]);
  }

  template <int Member, int Tensor>
  static constexpr std::ptrdiff_t parameter_offset =
      Blueprint::parameter_offset(layer_index<Member>, Tensor);
  template <int Member, int Tensor>
  static T* parameter(const frame<T>& batch) {
    return batch.parameters + parameter_offset<Member, Tensor>;
  }
  template <int Member, int Tensor>
  static T* gradient(const frame<T>& batch) {
    return batch.gradients + parameter_offset<Member, Tensor>;
  }
  /// Tells the sink of some gradients of one tensor.
  template <int Member, int Tensor>
  static void tell(const frame<T>& batch, const gradient_sink<T>& sink, std::ptrdiff_t first,
                   std::ptrdiff_t count) {
    sink(parameter_offset<Member, Tensor> + first, count, gradient<Member, Tensor>(batch) + first);
  }
  template <int Member>
  static T* fixed(const frame<T>& batch) {
    return batch.fixed + Blueprint::fixed[layer_index<Member>];
  }
};

}  // namespace lamina::execution
