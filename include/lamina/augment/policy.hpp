// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <utility>

#include <lamina/augment/check.hpp>
#include <lamina/augment/plan.hpp>
#include <lamina/augment/transforms.hpp>

namespace lamina {

namespace detail {

template <class... Transforms>
constexpr augment_plan plan_of() {
  augment_plan plan;
  const augment_step steps[] = {Transforms::step()..., augment_step{}};
  for (std::size_t i = 0; i < sizeof...(Transforms); ++i) {
    if (steps[i].kind == transform_kind::fill) {
      plan.fill = static_cast<fill_mode>(static_cast<int>(steps[i].first));
      plan.fill_value = steps[i].second;
    } else {
      plan.steps[plan.count++] = steps[i];
    }
  }
  return plan;
}

}  // namespace detail

/// What the first mistake of a policy is, as a `policy_mismatch<…>`; without one no type of the
/// user's concern.
template <class... Transforms>
using check_policy =
    typename detail::policy_check<augment_step, std::index_sequence_for<Transforms...>,
                                  Transforms...>::type;

/// What may happen to a picture before the network sees it in training, as a type:
///
///     using asl_augmentation =
///         augmentation<rotate<10.0>, zoom<0.1>, shift<0.1, 0.1>, flip_horizontal>;
///     trainer.fit(data.train, {.epochs = 20, .augmentation = asl_augmentation{}});
///
/// The geometric ones (`rotate`, `zoom`, `shift`, `shear`, `flip_horizontal`) happen in the order
/// of the type, composed into one affine map about the picture's centre, and with `elastic` the
/// picture is resampled once, bilinearly. What changes the values follows in its own order; `mixup`
/// comes before everything. In the order rotate, shift, shear, zoom, flip_horizontal they are
/// Keras' ImageDataGenerator. What is drawn is a function of (seed, epoch, sample) alone.
template <class... Transforms>
requires a_policy_without_mistakes<check_policy<Transforms...>>
struct augmentation {
  static constexpr augment_plan plan = detail::plan_of<Transforms...>();

  constexpr operator const augment_plan&() const { return plan; }
};

}  // namespace lamina
